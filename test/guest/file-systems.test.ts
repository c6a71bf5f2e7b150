// Proves that file systems of Linux over dm-multipath lose nothing, and see no error, when gateways
// are killed, drain, or are stopped under load, that gateways which resume do no harm, and that
// sg_xcopy has a gateway copy a disk.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DocumentCluster } from '../support/document-cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { FileLoad } from './file-load.ts';
import { Guest } from './guest.ts';
import { GUEST_POLL_MS, LinuxInitiator } from './linux-initiator.ts';

const targetName = 'iqn.2026-11.com.example:t';
const FAILURE_LIMIT_MS = 5 * 60_000;
/** A gateway that stands still for longer than 4 s may not go on with what lies in its sockets. */
const STOP_MS = 6_000;

interface FileSystem {
  readonly lun: number;
  readonly make: string;
  readonly check: string;
}

const fileSystems: readonly FileSystem[] = [
  { lun: 0, make: 'mkfs.ext4 -q', check: 'e2fsck -fn' },
  { lun: 1, make: 'mkfs.xfs -q', check: 'xfs_repair -n' },
];

test('ext4 and xfs under load outlive gateways that are killed, drain and are stopped', async () => {
  await using cluster = await DocumentCluster.start(2, {
    settings: { drainSeconds: 30 },
    disks: ['a', 'b'].map((name) => ({ name, size: '320M' })),
    targets: [{ iqn: targetName, luns: { 0: 'a', 1: 'b' }, access: 'any' }],
  });
  await using guest = await Guest.boot();
  const portals = [cluster.address(0), cluster.address(1)];
  const host = new LinuxInitiator(guest, targetName, portals);
  await host.startMultipath();
  await host.logIn();
  await host.activePaths(4);

  const devices = await devicesOf(host);
  const loads: FileLoad[] = [];
  for (const { lun, make } of fileSystems) {
    const folder = `/mnt/${lun}`;
    await guest.mustRun(`
      ${make} ${devices[lun]}
      mkdir -p ${folder}
      mount ${devices[lun]} ${folder}`);
    loads.push(await FileLoad.start(guest, folder));
  }
  const progress = () => Promise.all(loads.map((load) => load.progress()));

  const [killed, drained] = cluster.gateways;
  killed!.child.kill('SIGKILL');
  await pathsFail(host, portals[0]!.port);
  await progress();
  await serveAgain(cluster, host, 'g0');
  await progress();

  drained!.child.kill('SIGTERM');
  assert.equal(await drained!.ended(), 0);
  await pathsFail(host, portals[1]!.port);
  await progress();
  await serveAgain(cluster, host, 'g1');
  await progress();

  const [, , stopped, witness] = cluster.gateways;
  stopped!.child.kill('SIGSTOP');
  const isKilled = () => stopped!.child.signalCode === 'SIGKILL';
  await waitFor('the other gateway kills the stopped one', isKilled, FAILURE_LIMIT_MS);
  await pathsFail(host, portals[0]!.port);
  await progress();
  await serveAgain(cluster, host, 'g0');
  await progress();

  // Nobody kills them, and what their initiators have sent meanwhile is too old when they go on.
  const all = [witness!.child, cluster.gateways.at(-1)!.child];
  for (const child of all) child.kill('SIGSTOP');
  await delay(STOP_MS);
  for (const child of all) child.kill('SIGCONT');
  await progress();
  await host.activePaths(4);
  for (const child of all) assert.deepEqual([child.exitCode, child.signalCode], [null, null]);

  for (const load of loads) await load.stop();
  for (const { lun, check } of fileSystems) {
    await guest.mustRun(`umount /mnt/${lun} && ${check} ${devices[lun]}`);
    await guest.mustRun(`mount -o ro ${devices[lun]} /mnt/${lun}`);
    await loads[lun]!.verify();
    await guest.mustRun(`umount /mnt/${lun}`);
  }
  await copyThrough(guest, host, portals[0]!.port, () => witness!.child.kill('SIGKILL'));
  await guest.mustRun(`
    echo 3 > /proc/sys/vm/drop_caches
    mount -o ro ${devices[1]} /mnt/0`);
  await loads[0]!.verify();
});

/** Has one gateway copy the first disk over the second, while the other gateway is killed. */
async function copyThrough(
  guest: Guest,
  host: LinuxInitiator,
  port: number,
  killOther: () => void,
): Promise<void> {
  const [source, destination] = (await host.disks())
    .filter((disk) => disk.port === port)
    .sort((a, b) => a.lun - b.lun);
  const copied = guest.mustRun(
    `sg_xcopy if=/dev/${source!.generic} of=/dev/${destination!.generic} bs=512`,
    FAILURE_LIMIT_MS,
  );
  killOther();
  await copied;
}

/** The dm-multipath device of each LUN. */
async function devicesOf(host: LinuxInitiator): Promise<readonly string[]> {
  const paths = await host.multipathPaths();
  const devices: string[] = [];
  for (const { disk, lun } of await host.disks()) {
    const { wwid } = paths.find((path) => path.disk === disk)!;
    devices[lun] = `/dev/mapper/${wwid}`;
  }
  return devices;
}

/** Resolves when dm-multipath has given up the paths through this port. */
async function pathsFail(host: LinuxInitiator, port: number): Promise<void> {
  const disks = (await host.disks()).filter((each) => each.port === port);
  const failed = async () => {
    const paths = await host.multipathPaths();
    return disks.every(({ disk }) => paths.find((path) => path.disk === disk)?.state === 'failed');
  };
  await waitFor(`the paths to port ${port} fail`, failed, FAILURE_LIMIT_MS, GUEST_POLL_MS);
}

async function serveAgain(cluster: DocumentCluster, host: LinuxInitiator, name: string) {
  const again = cluster.startGateway(name);
  cluster.gateways.push(again);
  await again.ready();
  await host.activePaths(4);
}
