// Proves that Linux clusters can fence: sg_persist and mpathpersist on every path, and the agents
// fence_scsi and fence_mpath, with two initiators at two gateways each.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { DocumentCluster } from '../support/document-cluster.ts';
import { Guest } from './guest.ts';
import { type DiskPath, LinuxInitiator } from './linux-initiator.ts';

const targetName = 'iqn.2026-11.com.example:t';
const ownInitiator = 'iqn.2026-11.io.allpath:guest';
const otherInitiator = 'iqn.2026-11.io.allpath:other';
const OWN_KEY = 'a1';
const OTHER_KEY = 'b2';
/** What ended a write that Linux calls EBADE. */
const CONFLICT = /Invalid exchange/;
/** What a fence agent exits with for a node that is fenced. */
const STATUS_OFF = 2;

let cluster: DocumentCluster;
let guest: Guest;
/** This host's paths, which dm-multipath joins, and another host's, which it leaves alone. */
let own: readonly DiskPath[];
let others: readonly DiskPath[];
/** The device of dm-multipath. */
let joined: string;

before(async () => {
  cluster = await DocumentCluster.start(2, {
    disks: [{ name: 'disk1', size: '64M' }],
    targets: [{ iqn: targetName, luns: { 0: 'disk1' }, access: 'any' }],
  });
  guest = await Guest.boot();
  const addresses = [cluster.address(0), cluster.address(1)];
  const host = new LinuxInitiator(guest, targetName, addresses);
  await host.logIn();
  await host.logIn(otherInitiator);
  const disks = await host.disks();
  own = disks.filter(({ initiatorName }) => initiatorName === ownInitiator);
  others = disks.filter(({ initiatorName }) => initiatorName === otherInitiator);
  await host.startMultipath({ but: others, reservationKey: `0x${OWN_KEY}` });
  const [path] = await host.activePaths(2);
  joined = `/dev/mapper/${path!.wwid}`;
});

after(async () => {
  await guest?.end();
  await cluster?.stop();
});

afterEach(async () => {
  const [path] = others;
  await persist(path!, `--out --register-ignore --param-sark=${OTHER_KEY}`);
  await persist(path!, `--out --clear --param-rk=${OTHER_KEY}`);
});

/** Runs sg_persist on a path, which takes what is pending there first; spaces are made one. */
async function persist({ generic }: DiskPath, words: string): Promise<string> {
  const path = `/dev/${generic}`;
  const takePending = `sg_turs ${path} > /dev/null 2>&1`;
  return singleSpaced(await guest.mustRun(`${takePending}; sg_persist -n ${words} ${path}`));
}

function singleSpaced(text: string): string {
  return text.replace(/\s+/g, ' ');
}

async function registeredKeys(path: DiskPath): Promise<readonly string[]> {
  return keysIn(await persist(path, '--in --read-keys'));
}

function keysIn(text: string): readonly string[] {
  return [...text.matchAll(/ 0x([0-9a-f]+)\b/g)].map(([, key]) => key!).sort();
}

/** Writes a block past every cache. */
async function write(device: string) {
  return await guest.run(`dd if=/dev/zero of=${device} bs=4k count=1 oflag=direct`);
}

async function mayWrite(device: string): Promise<void> {
  const { code, stderr } = await write(device);
  assert.equal(code, 0, stderr);
}

async function conflicts(device: string): Promise<void> {
  const { code, stderr } = await write(device);
  assert.notEqual(code, 0);
  assert.match(stderr, CONFLICT);
}

function device({ disk }: DiskPath): string {
  return `/dev/${disk}`;
}

/** Registers each path under the key of its host. */
async function registerAll(): Promise<void> {
  for (const path of own) await persist(path, `--out --register-ignore --param-sark=${OWN_KEY}`);
  for (const path of others) {
    await persist(path, `--out --register-ignore --param-sark=${OTHER_KEY}`);
  }
}

test('sg_persist: keys and reservation are the same through every path', async () => {
  await registerAll();
  await persist(own[0]!, `--out --reserve --prout-type=5 --param-rk=${OWN_KEY}`);
  for (const path of [...own, ...others]) {
    assert.deepEqual(await registeredKeys(path), [OWN_KEY, OWN_KEY, OTHER_KEY, OTHER_KEY]);
    const reservation = await persist(path, '--in --read-reservation');
    assert.match(reservation, new RegExp(`Key=0x${OWN_KEY} `));
    assert.match(reservation, /Write Exclusive, registrants only/);
    await mayWrite(device(path));
  }
});

test('sg_persist: full status names each initiator and its target port', async () => {
  await registerAll();
  await persist(own[0]!, `--out --reserve --prout-type=5 --param-rk=${OWN_KEY}`);
  const status = await persist(others[1]!, '--in --read-full-status');
  for (const name of [ownInitiator, otherInitiator]) {
    assert.equal(
      status.match(new RegExp(`iSCSI world wide unique port id: ${name},i,0x`, 'g'))?.length,
      2,
    );
  }
  for (const identifier of [1, 2]) {
    const port = new RegExp(`Relative port address: 0x${identifier}\\b`, 'g');
    assert.equal(status.match(port)?.length, 2, status);
  }
  assert.equal(status.match(/<< Reservation holder >>/g)?.length, 1);
});

test('sg_persist: a path without registration may read and not write', async () => {
  await registerAll();
  await persist(own[0]!, `--out --reserve --prout-type=5 --param-rk=${OWN_KEY}`);
  await persist(others[0]!, `--out --register --param-rk=${OTHER_KEY} --param-sark=0`);
  await conflicts(device(others[0]!));
  await guest.mustRun(`dd if=${device(others[0]!)} of=/dev/null bs=4k count=1 iflag=direct`);
  await mayWrite(device(others[1]!));
});

test('sg_persist: what is preempted is told so', async () => {
  await registerAll();
  await persist(own[0]!, `--out --reserve --prout-type=5 --param-rk=${OWN_KEY}`);
  await guest.mustRun('udevadm settle && udevadm control --stop-exec-queue');
  const preempt = `--out --preempt-abort --prout-type=5 --param-rk=${OWN_KEY}`;
  await persist(own[0]!, `${preempt} --param-sark=${OTHER_KEY}`);
  for (const { generic } of others) {
    const { stderr } = await guest.run(`sg_turs -v /dev/${generic}`);
    assert.match(stderr, /Additional sense: Registrations preempted/);
    await guest.mustRun(`sg_turs /dev/${generic}`);
  }
  await guest.mustRun('udevadm control --start-exec-queue');
  for (const path of others) await conflicts(device(path));
});

test('mpathpersist: a host registers, reserves and releases by all of its paths', async () => {
  const mpathpersist = async (words: string) =>
    singleSpaced(await guest.mustRun(`mpathpersist ${words} ${joined}`));
  await mpathpersist(`--out --register --param-sark=${OWN_KEY}`);
  assert.deepEqual(keysIn(await mpathpersist('--in --read-keys')), [OWN_KEY, OWN_KEY]);
  await mpathpersist(`--out --reserve --prout-type=5 --param-rk=${OWN_KEY}`);
  assert.match(await mpathpersist('--in --read-reservation'), new RegExp(`Key = 0x${OWN_KEY}`));
  for (const path of others) await conflicts(device(path));
  for (let i = 0; i < 4; i++) await mayWrite(joined);
  await mpathpersist(`--out --release --prout-type=5 --param-rk=${OWN_KEY}`);
  for (const path of others) await mayWrite(device(path));
  await mpathpersist(`--out --register --param-rk=${OWN_KEY} --param-sark=0`);
  assert.deepEqual(keysIn(await mpathpersist('--in --read-keys')), []);
});

test('fence_scsi: a node that is fenced writes no more until it is let in again', async () => {
  const otherDevices = others.map(device).join(',');
  const agent = (words: string) => guest.run(`fence_scsi ${words}`);
  // Each node has notes of its own.
  const otherAgent = (words: string) =>
    guest.run(`mkdir -p /run/other && unshare --mount sh -c '
      mount --bind /run/other /var/run && fence_scsi ${words}'`);
  const on = await agent(`--action=on --devices=${joined} --key=${OWN_KEY}`);
  assert.equal(on.code, 0, on.stderr);
  const otherOn = `--action=on --devices=${otherDevices} --key=${OTHER_KEY}`;
  assert.equal((await otherAgent(otherOn)).code, 0);
  for (const path of others) await mayWrite(device(path));

  const victim = `--devices=${joined} --key=${OTHER_KEY}`;
  assert.equal((await agent(`--action=status ${victim}`)).code, 0);
  const off = await agent(`--action=off ${victim}`);
  assert.equal(off.code, 0, off.stderr);
  assert.equal((await agent(`--action=status ${victim}`)).code, STATUS_OFF);
  for (const path of others) await conflicts(device(path));
  await mayWrite(joined);

  assert.equal((await otherAgent(otherOn)).code, 0);
  for (const path of others) await mayWrite(device(path));
});

test('fence_mpath: a node that is fenced writes no more', async () => {
  const agent = (action: string, key: string) =>
    guest.run(`fence_mpath --action=${action} --devices=${joined} --plug=${key}`);
  const on = await agent('on', OWN_KEY);
  assert.equal(on.code, 0, on.stderr);
  for (const path of others) {
    await persist(path, `--out --register-ignore --param-sark=${OTHER_KEY}`);
    await mayWrite(device(path));
  }
  assert.equal((await agent('status', OTHER_KEY)).code, 0);
  const off = await agent('off', OTHER_KEY);
  assert.equal(off.code, 0, off.stderr);
  assert.equal((await agent('status', OTHER_KEY)).code, STATUS_OFF);
  for (const path of others) await conflicts(device(path));
  await mayWrite(joined);
});
