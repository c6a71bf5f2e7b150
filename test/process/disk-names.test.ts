// A disk that gets another name under open sessions keeps its data and its identity, and its
// initiators see nothing of it; data that are there are served again as the disk that they are of.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Disk } from '../../src/config/document.ts';
import { inquiry, read16, testUnitReady, write16 } from '../initiator/cdb.ts';
import { Initiator } from '../initiator/initiator.ts';
import { DocumentCluster } from '../support/document-cluster.ts';

const targetName = 'iqn.2026-11.com.example:t';
const initiatorName = 'iqn.1994-05.com.example:host1';
const GOOD = 0;

const parts = (disks: readonly object[], luns: Record<number, string>) => ({
  disks,
  targets: [{ iqn: targetName, luns, access: 'any' }],
});

async function connect(cluster: DocumentCluster, gateway: number): Promise<Initiator> {
  const initiator = await Initiator.connect({
    ...cluster.address(gateway),
    ...{ targetName, initiatorName },
  });
  while ((await initiator.execute({ cdb: testUnitReady() })).status !== GOOD);
  return initiator;
}

async function firstBlock(initiator: Initiator): Promise<Buffer> {
  const { status, dataIn } = await initiator.execute({ cdb: read16(0, 1), dataInLength: 512 });
  assert.equal(status, GOOD, 'no unit attention, no error');
  return dataIn;
}

async function disksOf(cluster: DocumentCluster): Promise<Disk[]> {
  const { stdout } = await cluster.allpath('get');
  return (JSON.parse(stdout) as { disks: Disk[] }).disks;
}

test('a disk is renamed under sessions of two gateways, and served again after a restart', async () => {
  const disks = [{ name: 'a', size: '64M' }];
  await using cluster = await DocumentCluster.start(2, parts(disks, { 0: 'a' }));
  const both = [await connect(cluster, 0), await connect(cluster, 1)];
  const data = Buffer.alloc(512, 7);
  await both[0]!.execute({ cdb: write16(0, 1), dataOut: data });
  const serial = async (initiator: Initiator) =>
    (await initiator.execute({ cdb: inquiry(64, 0x80), dataInLength: 64 })).dataIn.toString();
  const before = await serial(both[0]!);

  const [a] = await disksOf(cluster);
  const renamed = await cluster.apply(parts([{ ...a, name: 'b' }], { 0: 'b' }));
  assert.deepEqual(JSON.parse(renamed.stdout).changes.slice(0, 1), ['rename disk a to b']);
  for (const initiator of both) assert.deepEqual(await firstBlock(initiator), data);
  const command = await cluster.allpath('disk', 'rename', 'b', 'c');
  assert.equal(command.code, 0, command.stderr);
  for (const initiator of both) assert.deepEqual(await firstBlock(initiator), data);
  assert.equal(await serial(both[1]!), before);
  const grown = await cluster.allpath('disk', 'resize', 'c', '128M');
  assert.equal(grown.code, 0, grown.stderr);

  const gateway = cluster.gateways[0]!;
  gateway.child.kill('SIGKILL');
  await gateway.ended();
  cluster.gateways[0] = cluster.startGateway('g0');
  await cluster.gateways[0].ready();
  const again = await connect(cluster, 0);
  assert.deepEqual(await firstBlock(again), data);
  assert.equal(await serial(again), before);
});

test('existing data are served again as the same disk, and never by accident', async () => {
  const disks = [{ name: 'a', size: '64M' }];
  await using cluster = await DocumentCluster.start(1, parts(disks, { 0: 'a' }));
  const first = await connect(cluster, 0);
  const data = Buffer.alloc(512, 8);
  await first.execute({ cdb: write16(0, 1), dataOut: data });
  const [a] = await disksOf(cluster);

  await cluster.mustApply(parts([], {}));
  const created = await cluster.allpath('disk', 'create', 'a', '64M');
  assert.equal(created.code, 1);
  assert.match(created.stderr, /volume a of 64M exists already.*disk import a/);
  const uuid = '00000000-0000-4000-8000-000000000001';
  const other = await cluster.apply(parts([{ ...a, uuid }], { 0: 'a' }));
  assert.equal(other.code, 1);
  assert.match(other.stderr, /the data of another disk, uuid/);

  const back = await cluster.apply(parts(disks, { 0: 'a' }));
  assert.match(JSON.parse(back.stdout).changes[0], /^serve disk a again: volume a of 64M/);
  assert.deepEqual(await disksOf(cluster), [a]);
  assert.deepEqual(await firstBlock(await connect(cluster, 0)), data);

  await cluster.mustApply(parts([], {}));
  const imported = await cluster.allpath('disk', 'import', 'a');
  assert.deepEqual(JSON.parse(imported.stdout), a);
});

test('a volume that is not that of its disk is not served, and can be taken in its place', async () => {
  const disks = [{ name: 'a', size: '64M' }];
  await using cluster = await DocumentCluster.start(1, parts(disks, { 0: 'a' }));
  const gateway = cluster.gateways[0]!;
  gateway.child.kill('SIGKILL');
  await gateway.ended();
  const path = join(cluster.store, 'volumes', 'a.json');
  const foreign = { uuid: '00000000-0000-4000-8000-000000000001', wwn: 'naa.31', serial: '1' };
  await writeFile(path, JSON.stringify({ format: 1, sizeBytes: 64 * 2 ** 20, disk: foreign }));
  cluster.gateways[0] = cluster.startGateway('g0');
  await cluster.gateways[0].ready();
  const address = cluster.address(0);
  const initiator = await Initiator.connect({ ...address, targetName, initiatorName });
  const read = await initiator.execute({ cdb: read16(0, 1), dataInLength: 512 });
  assert.equal(read.sense.subarray(12, 14).toString('hex'), '2500', 'there is no such LUN');
  assert.match(
    cluster.gateways[0].errors,
    /holds the data of another disk, with the uuid 00000000/,
  );
  const status = await cluster.allpath('status');
  const { unserved } = JSON.parse(status.stdout);
  assert.deepEqual([status.code, unserved[0].gateway, unserved[0].disks[0].disk], [1, 'g0', 'a']);
  const applied = await cluster.apply(parts(disks, { 0: 'a' }));
  assert.deepEqual([applied.code, JSON.parse(applied.stdout).unserved], [1, unserved]);
  const refused = await cluster.allpath('disk', 'import', 'a');
  assert.match(refused.stderr, /--replace serves the volume a/);
  const [a] = await disksOf(cluster);
  const replaced = await cluster.allpath('disk', 'import', 'a', '--replace');
  assert.equal(replaced.code, 0, replaced.stderr);
  assert.deepEqual(await disksOf(cluster), [a]);
  await firstBlock(await connect(cluster, 0));
  assert.equal((await cluster.allpath('status')).code, 0);
});
