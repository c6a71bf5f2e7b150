// The addon's images on a real Ceph: what is written is read, whatever the lists of buffers; every
// operation of librbd ends with its number; sizes, snapshots and updates are told to every client.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { errnoOf } from '../../src/ceph/ceph-failure.ts';
import { EEXIST, EILSEQ, EINVAL, ENOENT, ESHUTDOWN } from '../../src/ceph/errno.ts';
import { RadosClient } from '../../src/ceph/rados-client.ts';
import { RbdImage } from '../../src/ceph/rbd-image.ts';
import { RbdImages } from '../../src/ceph/rbd-images.ts';
import { cephOfFile } from '../support/ceph.ts';
import { waitFor } from '../support/wait-for.ts';

const MIB = 2 ** 20;
const ceph = await cephOfFile({ backend: 'memstore' });
await createPool(ceph, 'images');
const options = { conf: ceph.conf, user: 'admin', keyring: ceph.keyring() };
const client = await RadosClient.connect(options);
const pool = await client.openPool('images');
const images = new RbdImages(pool);
test.after(async () => {
  pool.close();
  await client.close();
});

async function withImage(name: string, body: (image: RbdImage) => Promise<void>): Promise<void> {
  assert.equal(await images.create(name, 16 * MIB), 0);
  const image = await RbdImage.open(pool, name);
  try {
    await body(image);
  } finally {
    assert.equal(await image.close(), 0);
  }
}

/** Bytes that tell where they belong. */
function pattern(offset: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (offset + i) % 251);
}

function parts(bytes: Uint8Array, count: number): Uint8Array[] {
  const size = Math.ceil(bytes.length / count);
  return Array.from({ length: count }, (_, i) => bytes.slice(i * size, (i + 1) * size));
}

test('lists of 1 to 64 buffers are written and read in place', () =>
  withImage('lists', async (image) => {
    for (const count of [1, 2, 4, 5, 64]) {
      // Across the border of two objects.
      const offset = 4 * MIB - 32_768;
      const bytes = pattern(offset + count, 65_536);
      assert.equal(await image.write(offset, parts(bytes, count)), 0);
      const into = Array.from({ length: count }, () => new Uint8Array(65_536 / count + 1)).map(
        (buffer, i) => buffer.subarray(0, parts(bytes, count)[i]!.length),
      );
      assert.equal(await image.read(offset, into), 65_536);
      assert.deepEqual(Buffer.concat(into), Buffer.from(bytes));
    }
  }));

test('operations of one turn, more than one batch of them, are each answered once', () =>
  withImage('batch', async (image) => {
    const count = 700;
    const writes = Array.from({ length: count }, (_, i) =>
      image.write(i * 4096, [pattern(i, 4096)]),
    );
    assert.equal(image.inFlight, count);
    assert.deepEqual(new Set(await Promise.all(writes)), new Set([0]));
    assert.equal(image.inFlight, 0);
    const read = new Uint8Array(count * 4096);
    assert.equal(await image.read(0, [read]), read.length);
    for (let i = 0; i < count; i++) {
      assert.deepEqual(read.subarray(i * 4096, (i + 1) * 4096), pattern(i, 4096));
    }
  }));

test('zeros, discards, repeated patterns and compare-and-write do what librbd says', () =>
  withImage('others', async (image) => {
    const ones = new Uint8Array(MIB).fill(1);
    const read = async (offset: number, length: number): Promise<Uint8Array> => {
      const into = new Uint8Array(length);
      assert.equal(await image.read(offset, [into]), length);
      return into;
    };
    assert.equal(await image.write(0, [ones]), 0);
    assert.equal(await image.discard(4096, 4096), 0);
    assert.equal(await image.writeZeroes(12_288, 512), 0);
    assert.equal(await image.writeZeroes(16_384, 512, { thick: true }), 0);
    const expected = ones.slice(0, 65_536);
    expected.fill(0, 4096, 8192).fill(0, 12_288, 12_800).fill(0, 16_384, 16_896);
    assert.deepEqual(await read(0, 65_536), expected);
    assert.equal(await image.writeSame(65_536, 2048, pattern(0, 512)), 0);
    assert.deepEqual((await read(65_536, 2048)).subarray(1536), pattern(0, 512));
    assert.equal(await image.writeSame(65_536, 1000, pattern(0, 512)), EINVAL);
    const sector = pattern(9, 512);
    const won = await image.compareAndWrite(0, ones.subarray(0, 512), sector);
    assert.deepEqual(won, { errno: 0, mismatchOffset: 0 });
    const lost = await image.compareAndWrite(0, ones.subarray(0, 512), ones.subarray(0, 512));
    assert.equal(lost.errno, EILSEQ);
    assert.deepEqual(await read(0, 512), sector);
    // librbd 16 compares one sector of 512 bytes; later ones compare as much as an object holds.
    const long = await image.compareAndWrite(0, ones, ones);
    assert.ok(long.errno === EINVAL || long.errno === EILSEQ, `${long.errno}`);
    assert.equal(await image.flush(), 0);
    const { errno, extents, more } = await image.diffIterate(0, 16 * MIB);
    assert.deepEqual(
      { errno, more, first: extents[0]?.offset },
      { errno: 0, more: false, first: 0 },
    );
    assert.ok(extents.every(({ offset, length }) => offset + length <= 4 * MIB));
  }));

test('a resize, a snapshot and a key are told to another client that has the image open', () =>
  withImage('told', async (image) => {
    const other = await RadosClient.connect(options);
    const otherPool = await other.openPool('images');
    const seen = await RbdImage.open(otherPool, 'told');
    let updates = 0;
    const stop = seen.onUpdate(() => updates++);
    assert.equal(await image.resize(32 * MIB), 0);
    await waitFor('the update', () => updates > 0);
    assert.equal(await seen.refresh(), 0);
    assert.equal(seen.info.sizeBytes, 32 * MIB);
    assert.equal(await image.resize(8 * MIB), EINVAL);
    assert.equal(await image.resize(8 * MIB, { allowShrink: true }), 0);
    await ceph.rbd('snap', 'create', 'images/told@first');
    await ceph.rbd('snap', 'create', 'images/told@second');
    assert.equal(await seen.refresh(), 0);
    assert.deepEqual(
      seen.info.snapshots.map(({ name }) => name),
      ['first', 'second'],
    );
    const { newest, ids } = seen.info.snapContext;
    assert.equal(newest, ids[0]);
    assert.ok(ids.length === 2 && ids[0]! > ids[1]!);
    assert.equal(pool.setSnapWriteContext(seen.info.snapContext), 0);
    assert.equal(pool.setSnapWriteContext({ newest: ids[1]!, ids }), EINVAL);
    assert.equal(pool.setSnapWriteContext(undefined), 0);
    assert.equal(await image.setMetadata('key', 'value'), 0);
    assert.deepEqual(await seen.metadata('key'), { errno: 0, value: 'value' });
    assert.equal(await image.setMetadata('key', undefined), 0);
    assert.equal((await seen.metadata('key')).errno, ENOENT);
    stop();
    await seen.close();
    otherPool.close();
    await other.close();
  }));

test('images are made, listed and removed; a clone tells its parent', async () => {
  assert.equal(await images.create('made', MIB, { order: 16 }), 0);
  assert.equal(await images.create('made', MIB), EEXIST);
  await ceph.rbd('snap', 'create', 'images/made@base');
  await ceph.rbd('snap', 'protect', 'images/made@base');
  await ceph.rbd('clone', '--image-feature', 'layering', 'images/made@base', 'images/cloned');
  const clone = await RbdImage.open(pool, 'cloned');
  assert.deepEqual(clone.info.parent, {
    poolId: pool.id,
    pool: 'images',
    namespace: '',
    image: 'made',
    snapshot: 'base',
  });
  assert.equal(clone.info.parentOverlapBytes, MIB);
  await clone.close();
  const made = await RbdImage.open(pool, 'made', { readOnly: true });
  assert.equal(made.info.objectSizeBytes, 65_536);
  assert.equal(made.info.parent, undefined);
  await made.close();
  assert.equal(await images.remove('cloned'), 0);
  const { images: listed } = await images.list();
  assert.ok(listed.some(({ name }) => name === 'made'));
  assert.ok(!listed.some(({ name }) => name === 'cloned'));
  assert.equal(await images.remove('cloned'), ENOENT);
  await assert.rejects(RbdImage.open(pool, 'cloned'), (error) => errnoOf(error) === ENOENT);
});

test('what comes after a close ends at once; what was in flight ends before it', async () => {
  assert.equal(await images.create('closing', 16 * MIB), 0);
  const image = await RbdImage.open(pool, 'closing');
  const ended: string[] = [];
  const writes = Array.from({ length: 50 }, (_, i) =>
    image.write(i * 65_536, [new Uint8Array(65_536)]).then((errno) => ended.push(`write ${errno}`)),
  );
  const closed = image.close().then((errno) => ended.push(`close ${errno}`));
  assert.equal(await image.write(0, [new Uint8Array(512)]), ESHUTDOWN);
  assert.equal(await image.refresh(), ESHUTDOWN);
  await Promise.all([...writes, closed]);
  assert.equal(ended.length, 51);
  assert.equal(ended.at(-1), 'close 0');
  assert.ok(ended.slice(0, 50).every((one) => one === 'write 0'));
});

test('every operation of a blocklisted client ends -ESHUTDOWN, and so does its close', async () => {
  assert.equal(await images.create('fenced', 16 * MIB), 0);
  const victim = await RadosClient.connect(options);
  const victimPool = await victim.openPool('images');
  const image = await RbdImage.open(victimPool, 'fenced');
  assert.equal(await client.blocklist(victim.addresses, 3600), 0);
  assert.equal(await victim.waitForLatestOsdmap(), 0);
  const sector = new Uint8Array(512);
  const operations = [
    image.write(0, [new Uint8Array(4096)]),
    image.write(4 * MIB - 4096, [new Uint8Array(4096), new Uint8Array(65_536)]),
    image.read(0, [new Uint8Array(4096)]),
    image.writeSame(0, 4096, sector),
    image.discard(0, MIB),
    image.writeZeroes(0, 4096),
    image.compareAndWrite(0, sector, sector).then(({ errno }) => errno),
  ];
  assert.deepEqual(new Set(await Promise.all(operations)), new Set([ESHUTDOWN]));
  await image.close();
  victimPool.close();
  await victim.close();
});
