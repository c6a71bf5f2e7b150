// Proves, with running gateways and a real initiator: REPORT TARGET PORT GROUPS shows the port
// group of a gateway that is killed, drains or has not started as unavailable, every nexus of every
// LUN reports each change once, and while a gateway drains the answer is the same through every
// path.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Initiator } from '../initiator/initiator.ts';
import {
  ACTIVE,
  accessStates,
  hearsNothing,
  hearsOnce,
  pendingAt,
  seesStates,
  UNAVAILABLE,
} from '../support/access-states.ts';
import { DocumentCluster } from '../support/document-cluster.ts';

const targetName = 'iqn.2026-11.com.example:t';
const initiatorName = 'iqn.1994-05.com.example:host1';
const luns = [0, 9];
const parts = {
  settings: { drainSeconds: 5 },
  disks: ['a', 'b'].map((name) => ({ name, size: '64M' })),
  targets: [{ iqn: targetName, luns: { 0: 'a', 9: 'b' }, access: 'any' }],
};

test('port groups follow their gateways: killed, started again, draining, gone', async () => {
  await using cluster = await DocumentCluster.start(2, parts);
  const connect = (gateway: number) =>
    Initiator.connect({ ...cluster.address(gateway), targetName, initiatorName });
  const initiator = await connect(0);
  await seesStates(initiator, luns, [ACTIVE, ACTIVE]);

  cluster.gateways[1]!.child.kill('SIGKILL');
  await hearsOnce(initiator, luns);
  assert.deepEqual(await accessStates(initiator), [ACTIVE, UNAVAILABLE]);
  await hearsNothing(initiator, luns);

  const again = cluster.startGateway('g1');
  cluster.gateways.push(again);
  await again.ready();
  await hearsOnce(initiator, luns);
  assert.deepEqual(await accessStates(initiator), [ACTIVE, ACTIVE]);
  await hearsNothing(initiator, luns);

  // Its own session keeps the draining gateway there for as long as it may.
  const through = await connect(1);
  for (const lun of luns) await pendingAt(through, lun);
  again.child.kill('SIGTERM');
  for (const each of [initiator, through]) await hearsOnce(each, luns);
  const seen = await Promise.all([accessStates(initiator), accessStates(through)]);
  assert.deepEqual(seen, [
    [ACTIVE, UNAVAILABLE],
    [ACTIVE, UNAVAILABLE],
  ]);
  await through.logout();
  assert.equal(await again.ended(), 0);
  assert.deepEqual(await accessStates(initiator), [ACTIVE, UNAVAILABLE]);
  await hearsNothing(initiator, luns);
  await initiator.logout();
});
