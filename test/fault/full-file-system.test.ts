// Proves, with real processes on a small file system, that a store without a byte of room goes on:
// commands that only read need none, a killed gateway comes back, and what frees space works.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { read16, testUnitReady, write16 } from '../initiator/cdb.ts';
import { Initiator } from '../initiator/initiator.ts';
import { DocumentCluster } from '../support/document-cluster.ts';
import { SmallFileSystem } from '../support/small-file-system.ts';
import { tied } from '../support/tied.ts';

const targetName = 'iqn.2026-11.com.example:t';
const initiatorName = 'iqn.1994-05.com.example:host1';
const blockLength = 4096;
const chunkBlocks = 64;
const diskMib = 64;
const hangMs = 120_000;

const parts = {
  disks: ['a', 'b'].map((name) => ({ name, size: `${diskMib}M`, blockLength })),
  targets: [{ iqn: targetName, luns: { 0: 'a' }, access: 'any' }],
};

async function connect(cluster: DocumentCluster, gateway: number): Promise<Initiator> {
  const address = cluster.address(gateway);
  const initiator = await Initiator.connect({ ...address, targetName, initiatorName });
  // A new nexus is told of its power on, and of port groups that changed.
  for (let i = 0; i < 4; i++) await initiator.execute({ lun: 0, cdb: testUnitReady() });
  return initiator;
}

async function write(initiator: Initiator, lba: number, value: number): Promise<string> {
  const dataOut = Buffer.alloc(chunkBlocks * blockLength, value);
  const cdb = write16(lba, chunkBlocks);
  const { status, sense } = await initiator.execute({ lun: 0, cdb, dataOut });
  return status === 0 ? '' : `${sense[2]! & 0xf}/${sense.subarray(12, 14).toString('hex')}`;
}

async function firstByte(initiator: Initiator, lba: number): Promise<number> {
  const request = { lun: 0, cdb: read16(lba, 1), dataInLength: blockLength };
  const { status, dataIn } = await initiator.execute(request);
  assert.equal(status, 0);
  return dataIn[0]!;
}

async function unmap(initiator: Initiator, lba: number, blocks: number): Promise<number> {
  const dataOut = Buffer.alloc(24);
  dataOut.writeUInt16BE(22, 0);
  dataOut.writeUInt16BE(16, 2);
  dataOut.writeUInt32BE(lba, 12);
  dataOut.writeUInt32BE(blocks, 16);
  const cdb = Uint8Array.from([0x42, 0, 0, 0, 0, 0, 0, 0, dataOut.length, 0]);
  return (await initiator.execute({ lun: 0, cdb, dataOut })).status;
}

/** Writes until the store takes no more; resolves with the number of chunks that it took. */
async function fillDisk(initiator: Initiator): Promise<number> {
  for (let chunk = 0; chunk < (diskMib * 1024 * 1024) / (chunkBlocks * blockLength); chunk++) {
    const refused = await write(initiator, chunk * chunkBlocks, 1);
    if (refused === '') continue;
    // DATA PROTECT, SPACE ALLOCATION FAILED WRITE PROTECT.
    assert.equal(refused, '7/2707');
    return chunk;
  }
  return assert.fail('the store took all of it');
}

async function must(cluster: DocumentCluster, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.allpath(...args);
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** What `status` finds wrong. */
async function problems(cluster: DocumentCluster): Promise<readonly string[]> {
  const { code, stdout, stderr } = await cluster.allpath('status');
  assert.equal(code, 1, stderr);
  return JSON.parse(stdout).problems.map(({ kind }: { kind: string }) => kind);
}

/** The commands that only read. */
async function mustRead(cluster: DocumentCluster): Promise<void> {
  for (const words of [['get'], ['disk', 'list']]) await must(cluster, ...words);
  await problems(cluster);
  await must(cluster, 'apply', '--dry-run', cluster.documentFile);
}

async function restart(cluster: DocumentCluster): Promise<void> {
  await Promise.all(cluster.gateways.map((gateway) => gateway.ended()));
  for (const index of cluster.gateways.keys()) {
    cluster.gateways[index] = cluster.startGateway(`g${index}`);
  }
  await Promise.all(cluster.gateways.map((gateway) => gateway.ready()));
}

test('a store without room: reading commands, a killed gateway, writes, UNMAP, disk delete', {
  timeout: hangMs,
}, async () => {
  await using place = await SmallFileSystem.create({ sizeMib: 24 });
  await using cluster = await DocumentCluster.start(2, parts, place);
  const initiator = await connect(cluster, 0);
  const chunks = await fillDisk(initiator);
  await place.fill('rest');
  for (let i = 0; i < 20; i++) await write(initiator, (chunks + 1 + i) * chunkBlocks, 1);
  const told = cluster.gateways[0]!.errors.split('\n').filter((line) =>
    line.includes('"space_exhausted"'),
  );
  assert.equal(told.length, 1, cluster.gateways[0]!.errors);
  assert.deepEqual(await problems(cluster), ['diskFull', 'storeNearlyFull']);
  const before = await place.shell('ls store/run store/records/reserve');
  await mustRead(cluster);
  assert.equal(await place.shell('ls store/run store/records/reserve'), before, 'claims nothing');

  cluster.gateways[0]!.child.kill('SIGKILL');
  await cluster.gateways[0]!.ended();
  const again = cluster.startGateway('g0');
  cluster.gateways[0] = again;
  await again.ready();
  assert.ok(!cluster.gateways[1]!.errors.includes('"fence_not_finished"'));

  const back = await connect(cluster, 0);
  assert.equal(await firstByte(back, 0), 1);
  assert.equal(await write(back, 0, 2), '');
  assert.equal(await firstByte(back, 0), 2);
  assert.equal(await unmap(back, chunkBlocks, chunkBlocks), 0);
  assert.equal(await write(back, (chunks + 1) * chunkBlocks, 3), '');
  await place.fill('more');
  await must(cluster, 'disk', 'delete', 'b');
  await back.logout();
});

test('gateways that all end, killed or asked to, serve again on a full file system', {
  timeout: hangMs,
}, async () => {
  await using place = await SmallFileSystem.create({ sizeMib: 24 });
  await using cluster = await DocumentCluster.start(2, parts, place);
  await place.fill('rest');
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGTERM'] as const) {
    for (const { child } of cluster.gateways) child.kill(signal);
    if (signal === 'SIGTERM') {
      await Promise.all(cluster.gateways.map((gateway) => gateway.ended()));
      // What the last one gave back when it closed is somebody else's now.
      await place.fill(`rest-${signal}`);
      await mustRead(cluster);
    }
    await restart(cluster);
  }
  const initiator = await connect(cluster, 1);
  assert.match(await write(initiator, 0, 1), /2707$/);
  await place.shell('rm rest*');
  assert.equal(await write(initiator, 0, 1), '');
  await initiator.logout();
});

test('a file system without inodes: a killed gateway comes back, and a disk can be deleted', {
  timeout: hangMs,
}, async () => {
  await using place = await SmallFileSystem.create({ sizeMib: 48, inodes: 100 });
  await using cluster = await DocumentCluster.start(2, parts, place);
  await place.shell('i=0; while touch file-$i 2>/dev/null; do i=$((i+1)); done; test $i -gt 0');
  await mustRead(cluster);
  cluster.gateways[0]!.child.kill('SIGKILL');
  await cluster.gateways[0]!.ended();
  cluster.gateways[0] = cluster.startGateway('g0');
  await cluster.gateways[0].ready();
  await must(cluster, 'disk', 'delete', 'b');
});

test('a read-only file system, and one whose reserve is used up, are named with what to do', {
  timeout: hangMs,
}, async () => {
  await using place = await SmallFileSystem.create({ sizeMib: 24 });
  await using cluster = await DocumentCluster.start(0, parts, place);
  await place.fill('rest');
  await place.shell('rm -r store/records/reserve');
  await place.fill('more');
  const full = await cluster.allpath('disk', 'create', 'c', '1M');
  assert.equal(full.code, 1);
  assert.match(
    full.stderr,
    /recordsFull.*\/store\/records: the file system is full .*free some space/,
  );
  await place.shell(`rm rest more && mount -o remount,ro '${place.folder}'`);
  const readOnly = await cluster.allpath('disk', 'create', 'c', '1M');
  assert.equal(readOnly.code, 1);
  assert.match(readOnly.stderr, /\/store\/records: the file system is mounted read-only/);
});

test('each restart takes little of the reserve, whatever another program eats meanwhile', {
  timeout: hangMs,
}, async () => {
  await using place = await SmallFileSystem.create({ sizeMib: 64 });
  await using cluster = await DocumentCluster.start(2, parts, place);
  await place.fill('rest');
  const slices = async () => Number(await place.shell('ls store/records/reserve | wc -l'));
  const before = await slices();
  const eating = 'while :; do dd if=/dev/zero bs=4k count=64 2>/dev/null >> eaten; done';
  const eater = spawn(...tied(...place.within('sh', ['-c', `cd '${place.folder}'; ${eating}`])));
  try {
    for (let round = 0; round < 3; round++) {
      cluster.gateways[0]!.child.kill('SIGKILL');
      await cluster.gateways[0]!.ended();
      cluster.gateways[0] = cluster.startGateway('g0');
      await cluster.gateways[0].ready();
    }
    // Where room is given back and not taken at once, each change and each entry costs a slice.
    assert.ok(before - (await slices()) <= 9, `${await slices()} of ${before} are left`);
  } finally {
    eater.kill('SIGKILL');
  }
});
