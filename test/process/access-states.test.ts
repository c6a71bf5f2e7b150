// Proves, with running gateways and a real initiator: REPORT TARGET PORT GROUPS shows the port group
// of a gateway that is killed, drains or has not started as unavailable, every nexus of every LUN
// hears of each change once, and while a gateway drains the answer is the same through every path.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { reportTargetPortGroups, testUnitReady } from '../initiator/cdb.ts';
import { Initiator } from '../initiator/initiator.ts';
import { DocumentCluster } from '../support/document-cluster.ts';

const targetName = 'iqn.2026-11.com.example:t';
const initiatorName = 'iqn.1994-05.com.example:host1';
const asymmetricAccessStateChanged = '2a06';
const luns = { 0: 'a', 9: 'b' };
const parts = {
  settings: { drainSeconds: 5 },
  disks: ['a', 'b'].map((name) => ({ name, size: '64M' })),
  targets: [{ iqn: targetName, luns, access: 'any' }],
};
const LIMIT_MS = 30_000;
const POLL_MS = 20;
const TARGET_PORT_GROUP_DESCRIPTOR_LENGTH = 12;

/** ASYMMETRIC ACCESS STATE of each port group, in the order of the gateways. */
async function states(initiator: Initiator): Promise<readonly number[]> {
  const { status, dataIn } = await initiator.execute({
    cdb: reportTargetPortGroups(4096),
    dataInLength: 4096,
  });
  if (status !== 0) return await states(initiator);
  const found: number[] = [];
  for (let at = 4; at < 4 + dataIn.readUInt32BE(0); at += TARGET_PORT_GROUP_DESCRIPTOR_LENGTH) {
    assert.equal(dataIn[at + 7], 1, 'each group has one port');
    found.push(dataIn[at]! & 0x0f);
  }
  return found;
}

/** Takes all that is pending at a LUN: its codes in hex. */
async function pending(initiator: Initiator, lun: number): Promise<readonly string[]> {
  const codes: string[] = [];
  for (;;) {
    const { status, sense } = await initiator.execute({ lun, cdb: testUnitReady() });
    if (status === 0) return codes;
    codes.push(sense.subarray(12, 14).toString('hex'));
  }
}

/**
 * Every LUN hears of one change, and each once. REPORT TARGET PORT GROUPS does not take a unit
 * attention off for other LUNs, and so is not asked meanwhile.
 */
async function hears(initiator: Initiator): Promise<void> {
  for (const lun of Object.keys(luns).map(Number)) {
    let told: readonly string[] = [];
    const deadline = performance.now() + LIMIT_MS;
    while (told.length === 0) {
      assert.ok(performance.now() < deadline, `LUN ${lun} hears of it`);
      await delay(POLL_MS);
      told = await pending(initiator, lun);
    }
    assert.deepEqual(told, [asymmetricAccessStateChanged]);
  }
}

async function quiet(initiator: Initiator): Promise<void> {
  for (const lun of Object.keys(luns).map(Number)) {
    assert.deepEqual(await pending(initiator, lun), []);
  }
}

const [active, unavailable] = [0, 3];

test('port groups follow their gateways: killed, started again, draining, gone', async () => {
  await using cluster = await DocumentCluster.start(2, parts);
  const connect = (gateway: number) =>
    Initiator.connect({ ...cluster.address(gateway), targetName, initiatorName });
  const initiator = await connect(0);
  const deadline = performance.now() + LIMIT_MS;
  while ((await states(initiator))[1] !== active) assert.ok(performance.now() < deadline);
  for (const lun of Object.keys(luns).map(Number)) await pending(initiator, lun);

  cluster.gateways[1]!.child.kill('SIGKILL');
  await hears(initiator);
  assert.deepEqual(await states(initiator), [active, unavailable]);
  await quiet(initiator);

  const again = cluster.startGateway('g1');
  cluster.gateways.push(again);
  await again.ready();
  await hears(initiator);
  assert.deepEqual(await states(initiator), [active, active]);
  await quiet(initiator);

  // Its own session keeps the draining gateway there for as long as it may.
  const through = await connect(1);
  for (const lun of Object.keys(luns).map(Number)) await pending(through, lun);
  again.child.kill('SIGTERM');
  await hears(initiator);
  const [seen, own] = await Promise.all([states(initiator), states(through)]);
  assert.deepEqual(
    [seen, own],
    [
      [active, unavailable],
      [active, unavailable],
    ],
  );
  await through.logout();
  assert.equal(await again.ended(), 0);
  assert.deepEqual(await states(initiator), [active, unavailable]);
  await quiet(initiator);
  await initiator.logout();
});
