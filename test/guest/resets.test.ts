// Proves that a reset by a Linux host reaches the other initiators of a logical unit, each of which
// is told once.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DocumentCluster } from '../support/document-cluster.ts';
import { Guest } from './guest.ts';
import { type DiskPath, LinuxInitiator } from './linux-initiator.ts';

const targetName = 'iqn.2026-11.com.example:t';
const otherInitiator = 'iqn.2026-11.io.allpath:other';
const RESET = 'Additional sense: Bus device reset function occurred';

let cluster: DocumentCluster;
let guest: Guest;
/** Two initiators through two gateways. */
let disks: readonly DiskPath[];

before(async () => {
  cluster = await DocumentCluster.start(2, {
    disks: [{ name: 'disk1', size: '64M' }],
    targets: [{ iqn: targetName, luns: { 0: 'disk1' }, access: 'any' }],
  });
  guest = await Guest.boot();
  const host = new LinuxInitiator(guest, targetName, [cluster.address(0), cluster.address(1)]);
  await host.logIn();
  await host.logIn(otherInitiator);
  disks = await host.disks();
  assert.equal(disks.length, 4);
  // Its programs look at a disk whose kernel driver is told something, and would take the next
  // unit attention.
  await guest.mustRun('udevadm control --stop-exec-queue');
  for (const disk of disks) await told(disk);
});

after(async () => {
  await guest?.end();
  await cluster?.stop();
});

/** What the next command through this path is told, if something; the one after it is told nothing. */
async function told({ generic }: DiskPath): Promise<string | undefined> {
  const tur = `sg_turs -v /dev/${generic}`;
  const { stderr } = await guest.run(tur);
  const [said] = /Additional sense: .*/.exec(stderr) ?? [];
  await guest.mustRun(tur);
  return said;
}

for (const scope of ['device', 'target']) {
  test(`sg_reset --${scope}: every nexus at every gateway is told once`, async () => {
    const [by] = disks;
    // Without it a reset that fails becomes a wider one.
    await guest.mustRun(`sg_reset --no-esc --${scope} /dev/${by!.generic}`);
    for (const disk of disks) {
      assert.equal(await told(disk), RESET, `${disk.initiatorName} at port ${disk.port}`);
    }
  });
}
