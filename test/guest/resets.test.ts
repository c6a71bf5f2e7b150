// Proves that a reset by a Linux host reaches the other initiators of a logical unit, each of which
// is notified once, and that the host continues: after a reset that a program asks for, and after
// the kernel's own error handling for a medium that does not answer.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { DocumentCluster } from '../support/document-cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { Guest } from './guest.ts';
import { HeldGateways } from './held-gateways.ts';
import { type DiskPath, GUEST_POLL_MS, LinuxInitiator } from './linux-initiator.ts';

const targetName = 'iqn.2026-11.com.example:t';
const heldTarget = 'iqn.2026-11.com.example:held';
const ownInitiator = 'iqn.2026-11.io.allpath:guest';
const otherInitiator = 'iqn.2026-11.io.allpath:other';
const RESET = 'Additional sense: Bus device reset function occurred';
/** Of a command; the kernel then sends the target a NOP-Out, and waits as long again. */
const COMMAND_TIMEOUT_S = 5;
const RECOVERY_LIMIT_MS = 5 * 60_000;

let cluster: DocumentCluster;
let held: HeldGateways;
let guest: Guest;
/** Two initiators through two gateways. */
let disks: readonly DiskPath[];
/** The same where the medium can be held. */
let heldDisks: readonly DiskPath[];

before(async () => {
  cluster = await DocumentCluster.start(2, {
    disks: [{ name: 'disk1', size: '64M' }],
    targets: [{ iqn: targetName, luns: { 0: 'disk1' }, access: 'any' }],
  });
  held = await HeldGateways.start(heldTarget);
  guest = await Guest.boot();
  disks = await logIn(targetName, [cluster.address(0), cluster.address(1)]);
  heldDisks = await logIn(heldTarget, held.addresses);
  // Its programs look at a disk whose kernel driver is told something, and would take the next
  // unit attention.
  await guest.mustRun('udevadm control --stop-exec-queue');
  for (const disk of [...disks, ...heldDisks]) await told(disk);
});

after(async () => {
  await guest?.end();
  await held?.stop();
  await cluster?.stop();
});

async function logIn(target: string, addresses: HeldGateways['addresses']) {
  const host = new LinuxInitiator(guest, target, addresses);
  await host.logIn();
  await host.logIn(otherInitiator);
  const ports = addresses.map(({ port }) => port);
  const paths = (await host.disks()).filter(({ port }) => ports.includes(port));
  assert.equal(paths.length, 4);
  return paths;
}

/** The attention of the next command through this path, if any; the one after it gets none. */
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

afterEach(() => held.medium.release());

/** Runs a command of a path while its medium is held, until the kernel says that it does that. */
async function heldUntil(says: string, { disk }: DiskPath, command: string): Promise<string> {
  await guest.mustRun(`
    echo 1 > /sys/module/libiscsi/parameters/debug_libiscsi_eh
    echo ${COMMAND_TIMEOUT_S} > /sys/block/${disk}/device/timeout
    dmesg --clear`);
  held.medium.hold();
  const running = guest.mustRun(command, RECOVERY_LIMIT_MS);
  running.catch(() => {});
  const kernelSays = async () => (await guest.run(`dmesg | grep -q '${says}'`)).code === 0;
  await waitFor(`the kernel says ${says}`, kernelSays, RECOVERY_LIMIT_MS, GUEST_POLL_MS);
  held.medium.release();
  await running;
  return await guest.mustRun('dmesg');
}

function pathOf(initiator: string, port: number): DiskPath {
  const path = heldDisks.find((each) => each.initiatorName === initiator && each.port === port);
  return path ?? assert.fail(`${initiator} has no path to port ${port}`);
}

test('a write that the kernel aborts is done again, and nobody else is told', async () => {
  const [here, there] = held.addresses.map(({ port }) => port);
  const own = pathOf(ownInitiator, here!);
  const write = `yes abort | dd of=/dev/${own.disk} bs=4k count=1 iflag=fullblock oflag=direct`;
  const said = await heldUntil('aborting sc', own, write);
  assert.match(said, /abort success/);
  assert.doesNotMatch(said, /LU Reset/);
  for (const disk of heldDisks) assert.equal(await told(disk), undefined);
  const seen = `dd if=/dev/${pathOf(otherInitiator, there!).disk} bs=4k count=1 iflag=direct`;
  assert.match(await guest.mustRun(seen), /^(abort\n)+abo/);
});

test('a read that times out again has the kernel reset the unit: every other nexus is told once', async () => {
  const own = pathOf(ownInitiator, held.addresses[0]!.port);
  const read = `dd if=/dev/${own.disk} bs=4k count=1 iflag=direct`;
  const said = await heldUntil('LU Reset', own, read);
  assert.match(said, /abort success.*dev reset result = SUCCESS/s);
  assert.doesNotMatch(said, /tgt Reset/, 'a wider reset is not needed');
  // The kernel took its own by the command that it tests the unit with.
  for (const disk of heldDisks.filter((each) => each !== own)) {
    assert.equal(await told(disk), RESET, `${disk.initiatorName} at port ${disk.port}`);
  }
});
