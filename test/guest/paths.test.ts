// Proves that a Linux host, with what Debian has and the settings that the demo prints, sees one
// logical unit behind two gateways: its paths, their states, its identity, and its size when that
// changes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DocumentCluster } from '../support/document-cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { Guest } from './guest.ts';
import { type DiskPath, GUEST_POLL_MS, LinuxInitiator } from './linux-initiator.ts';

const targetName = 'iqn.2026-11.com.example:t';
const MIB = 1024 * 1024;
const SIZE_LIMIT_MS = 120_000;

let cluster: DocumentCluster;
let guest: Guest;
let host: LinuxInitiator;
let disks: readonly DiskPath[];

before(async () => {
  cluster = await DocumentCluster.start(2, {
    disks: [{ name: 'disk1', size: '64M' }],
    targets: [{ iqn: targetName, luns: { 0: 'disk1' }, access: 'any' }],
  });
  guest = await Guest.boot();
  host = new LinuxInitiator(guest, targetName, [cluster.address(0), cluster.address(1)]);
  await host.startMultipath();
  await host.logIn();
  await host.activePaths(2);
  disks = await host.disks();
});

after(async () => {
  await guest?.end();
  await cluster?.stop();
});

/** What a command says of each path, in the order of the gateways; spaces are made one. */
async function ofEachPath(command: (device: string) => string): Promise<readonly string[]> {
  const byPort = disks.toSorted((a, b) => a.port - b.port);
  const said: string[] = [];
  for (const { generic } of byPort) {
    const text = await guest.mustRun(command(`/dev/${generic}`));
    said.push(text.replace(/[ \t]+/g, ' '));
  }
  return said;
}

async function documentDisk(): Promise<{ readonly wwn: string }> {
  return JSON.parse((await cluster.allpath('get')).stdout).disks[0];
}

/** The hexadecimal digits of a name as the document has it, `naa.` and these. */
function naaOf(wwn: string): string {
  return wwn.slice('naa.'.length);
}

test('discovery finds the portals of both gateways, each with its portal group tag', async () => {
  const portals = [0, 1].map((gateway) => {
    const { host: address, port } = cluster.address(gateway);
    return `${address}:${port},${gateway + 1} ${targetName}`;
  });
  assert.deepEqual(await host.discover(), portals);
});

test('dm-multipath has one device with two active paths of the same priority', async () => {
  const paths = await host.multipathPaths();
  const { wwn } = await documentDisk();
  // Debian's rules take the name string of page 83h where an NAA is locally assigned.
  const wwid = `8naa.${naaOf(wwn).toUpperCase()}`;
  for (const path of paths) {
    const { disk: _, ...seen } = path;
    assert.deepEqual(seen, { wwid, state: 'active', checker: 'ready', priority: '50' });
  }
  assert.deepEqual(paths.map(({ disk }) => disk).sort(), disks.map(({ disk }) => disk).sort());
  const maps = (await guest.mustRun('dmsetup ls --target multipath')).trim().split('\n');
  assert.equal(maps.length, 1, maps.join('; '));
  const shown = await guest.mustRun('multipath -ll');
  assert.match(shown, /hwhandler='1 alua'/);
  assert.equal(shown.match(/policy='service-time 0' prio=50 status=active/g)?.length, 1, shown);
});

test('sg_inq and sg_vpd: one unit, at a port of its own on each path', async () => {
  const inquiries = await ofEachPath((device) => `sg_inq ${device}`);
  for (const inquiry of inquiries) {
    assert.match(inquiry, /Vendor identification: ALLPATH/);
    assert.match(inquiry, /TPGS=1/);
  }
  assert.equal(inquiries[0], inquiries[1]);
  const identities = await ofEachPath((device) => `sg_vpd --page=di_lu --quiet ${device}`);
  assert.ok(identities[0]!.includes(`0x${naaOf((await documentDisk()).wwn)}`), identities[0]);
  assert.equal(identities[0], identities[1]);
  const ports = await ofEachPath((device) => `sg_vpd --page=di_port ${device}`);
  for (const [index, said] of ports.entries()) {
    assert.match(said, new RegExp(`Relative target port: 0x${index + 1}\n`));
    assert.match(said, new RegExp(`Target port group: 0x${index + 1}\n`));
  }
});

test('sg_rtpg and sg_luns say the same through each path', async () => {
  const groups = await ofEachPath((device) => `sg_rtpg --decode ${device}`);
  assert.equal(groups[0]!.match(/active\/optimized/g)?.length, 2, groups[0]);
  assert.equal(groups[0], groups[1]);
  for (const luns of await ofEachPath((device) => `sg_luns ${device}`)) {
    assert.match(luns, /Lun list length = 8 which imples 1 lun entry/);
  }
});

test('a disk that grows: each path is told once, and all have the new size', async () => {
  const sizes = () => ofEachPath((device) => `sg_readcap --16 ${device}`);
  for (const said of await sizes()) assert.match(said, new RegExp(`${64 * MIB} bytes`));
  const { code, stderr } = await cluster.allpath('disk', 'resize', 'disk1', '96M');
  assert.equal(code, 0, stderr);
  // multipathd, which also looks, may be the one that is told; the kernel notes it in any case.
  for (const { generic } of disks) await guest.run(`sg_turs /dev/${generic}`);
  for (const said of await sizes()) assert.match(said, new RegExp(`${96 * MIB} bytes`));
  const told = (await guest.mustRun('dmesg')).match(/sd \S+ Capacity data has changed/g) ?? [];
  assert.equal(told.length, 2);
  assert.equal(new Set(told).size, 2);
  await guest.mustRun('iscsiadm -m session --rescan && udevadm settle');
  const [{ wwid } = { wwid: '' }] = await host.multipathPaths();
  const size = `blockdev --getsize64 /dev/mapper/${wwid}`;
  await waitFor(
    'dm-multipath has the new size',
    async () => {
      await guest.mustRun(`multipathd resize map ${wwid}`);
      return (await guest.mustRun(size)).trim() === `${96 * MIB}`;
    },
    SIZE_LIMIT_MS,
    GUEST_POLL_MS,
  );
});
