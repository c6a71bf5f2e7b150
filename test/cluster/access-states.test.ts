// Proves on a real Ceph: the port group of a gateway that is stopped is unavailable once the others
// fence it, and active/optimized when it serves again, each told once to every nexus; `apply` ends
// when the stopped one is fenced, and does not wait for those that nobody lives to fence.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { isOver } from '../../src/membership/membership.ts';
import { Initiator } from '../initiator/initiator.ts';
import {
  ACTIVE,
  accessStates,
  hearsNothing,
  hearsOnce,
  seesStates,
  UNAVAILABLE,
} from '../support/access-states.ts';
import { cephOfFile } from '../support/ceph.ts';
import { CephGateways } from '../support/ceph-gateways.ts';

const targetName = 'iqn.2026-11.com.example:t';
const luns = [0, 9];
const ceph = await cephOfFile({ backend: 'memstore' });
const place = { conf: ceph.conf, pool: 'allpath', namespace: '', user: 'admin' };
const partsCalled = (alias: string) => ({
  settings: { drainSeconds: 1 },
  disks: ['a', 'b'].map((name) => ({ name, size: '16M' })),
  targets: [{ iqn: targetName, alias, luns: { 0: 'a', 9: 'b' }, access: 'any' }],
});

before(() => createPool(ceph, place.pool));

test('port groups, and apply, follow the fences', async () => {
  const options = { place, gateways: 2, parts: partsCalled('one') };
  await using cluster = await CephGateways.start(options);
  const gateway = cluster.gateways[1]!;
  const initiator = await Initiator.connect({ ...cluster.addresses[0]!, targetName });
  await seesStates(initiator, luns, [ACTIVE, ACTIVE]);

  const member = await cluster.serving(1);
  gateway.signal('SIGSTOP');
  await cluster.mustApply(partsCalled('two'));
  assert.ok(isOver(await cluster.view(), member), 'apply waits for the fence');
  await hearsOnce(initiator, luns);
  assert.deepEqual(await accessStates(initiator), [ACTIVE, UNAVAILABLE]);
  await hearsNothing(initiator, luns);

  const { served } = gateway;
  gateway.signal('SIGCONT');
  await gateway.servesAgain(served);
  await hearsOnce(initiator, luns);
  assert.deepEqual(await accessStates(initiator), [ACTIVE, ACTIVE]);
  await hearsNothing(initiator, luns);
  await initiator.logout();

  await Promise.all(cluster.gateways.map((each) => each.kill()));
  await cluster.mustApply(partsCalled('three'));
});
