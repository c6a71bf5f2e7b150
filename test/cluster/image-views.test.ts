// Gateways of one image, one of them stopped for a moment, agree on what they see: a snapshot never
// has a write without those that were answered before it, and what was unmapped stays so when the
// parent goes.

import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { cephOfFile } from '../support/ceph.ts';
import { ImageProcess } from '../support/image-process.ts';
import { waitFor } from '../support/wait-for.ts';

const KIB = 1024;
const OBJECT = 64 * KIB;
const OBJECTS = 64;
const BLOCK = 512;
/** Long enough for a command of `rbd` to change the header while a gateway is stopped. */
const STOPPED_MS = 300;
/** Writes that the snapshot must have. */
const ANSWERED = 8;
const ROUNDS = Number(process.env['ALLPATH_ROUNDS'] ?? 1);
const LAYOUT = ['--size', '4M', '--object-size', '64K', '--image-feature', 'layering'];
const ceph = await cephOfFile({ backend: 'memstore' });
await createPool(ceph, 'rbd');

interface Written {
  readonly offset: number;
  /** Writes that were answered before this one was sent. */
  readonly after: readonly Written[];
}

/** Writes block after block through one gateway, each after the answer to the one before. */
async function stream(
  gateway: ImageProcess,
  byte: number,
  objects: readonly number[],
  isOver: () => boolean,
  answered: Written[],
  all: Written[],
): Promise<void> {
  for (let turn = 0; !isOver(); turn++) {
    const object = objects[turn % objects.length]!;
    const block = Math.floor(turn / objects.length);
    if ((block + 1) * BLOCK > OBJECT) return;
    const written = { offset: object * OBJECT + block * BLOCK, after: [...answered] };
    all.push(written);
    assert.equal(await gateway.ask('write', written.offset, BLOCK, byte), 'done');
    answered.push(written);
  }
}

async function snapshotRound(image: string): Promise<void> {
  await ceph.rbd('create', `rbd/${image}`, ...LAYOUT);
  await using first = await ImageProcess.open(ceph.conf, image);
  await using second = await ImageProcess.open(ceph.conf, image);
  const answered: Written[] = [];
  const all: Written[] = [];
  let isOver = false;
  const half = OBJECTS / 2;
  const objects = Array.from({ length: half }, (_, index) => index);
  const going = stream(first, 7, objects, () => isOver, answered, all);
  await waitFor('writes are answered', () => answered.length >= ANSWERED);
  await second.stop();
  const before = [...answered];
  const made = ceph.rbd('snap', 'create', `rbd/${image}@s`);
  // What the stopped gateway is asked meanwhile it does as soon as it goes on.
  const later: Promise<string>[] = [];
  for (let object = half; object < OBJECTS; object++) {
    await delay(STOPPED_MS / half);
    const written = { offset: object * OBJECT, after: [...answered] };
    all.push(written);
    later.push(second.ask('write', written.offset, BLOCK, 7));
  }
  second.resume();
  assert.deepEqual(new Set(await Promise.all(later)), new Set(['done']));
  await made;
  isOver = true;
  await going;
  const file = join(dirname(ceph.conf), `${image}.bytes`);
  await ceph.rbd('export', `rbd/${image}@s`, file);
  const bytes = await readFile(file);
  await rm(file);
  const isKept = ({ offset }: Written) => bytes[offset] === 7;
  assert.deepEqual(
    before.filter((written) => !isKept(written)),
    [],
    'answered before the command',
  );
  for (const written of all.filter(isKept)) {
    const missing = written.after.filter((earlier) => !isKept(earlier)).map(({ offset }) => offset);
    assert.deepEqual(missing, [], `answered before the write at ${written.offset}`);
  }
}

test('a snapshot has no write without those that were answered before it', async () => {
  for (let round = 0; round < ROUNDS; round++) await snapshotRound(`snapped${round}`);
});

test('what was unmapped when the parent goes is read as zeros through every gateway', async () => {
  await ceph.rbd('create', 'rbd/parent', ...LAYOUT);
  {
    await using whole = await ImageProcess.open(ceph.conf, 'parent');
    assert.equal(await whole.ask('write', 0, OBJECTS * OBJECT, 7), 'done');
  }
  await ceph.rbd('snap', 'create', 'rbd/parent@s');
  await ceph.rbd('snap', 'protect', 'rbd/parent@s');
  for (let round = 0; round < ROUNDS; round++) {
    const image = `child${round}`;
    const options = ['--object-size', '64K', '--image-feature', 'layering'];
    await ceph.rbd('clone', 'rbd/parent@s', `rbd/${image}`, ...options);
    await using first = await ImageProcess.open(ceph.conf, image);
    await using second = await ImageProcess.open(ceph.conf, image);
    await second.stop();
    const flattened = ceph.rbd('flatten', `rbd/${image}`);
    const reads: Promise<string>[] = [];
    const writes: Promise<string>[] = [];
    const unmapping = (async () => {
      for (let object = 0; object < OBJECTS; object++) {
        await delay((2 * STOPPED_MS) / OBJECTS);
        assert.equal(await first.ask('unmap', object * OBJECT, OBJECT), 'done');
        // The stopped gateway does it as soon as it goes on.
        reads.push(second.ask('read', object * OBJECT, BLOCK));
        writes.push(second.ask('write', object * OBJECT + BLOCK, BLOCK, 9));
      }
    })();
    await delay(STOPPED_MS);
    second.resume();
    await Promise.all([flattened, unmapping]);
    assert.deepEqual(new Set(await Promise.all(reads)), new Set(['done 0']));
    assert.deepEqual(new Set(await Promise.all(writes)), new Set(['done']));
    for (let object = 0; object < OBJECTS; object++) {
      const at = object * OBJECT;
      assert.equal(await first.ask('read', at, BLOCK), 'done 0');
      assert.equal(await second.ask('read', at + BLOCK, BLOCK), 'done 9');
      assert.equal(await first.ask('read', at + 2 * BLOCK, BLOCK), 'done 0', `${image} ${at}`);
    }
  }
});
