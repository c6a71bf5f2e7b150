// Proves of a batch of writes that each lands where it belongs and has its own result, that it
// takes no more than it has room for, and that it can be filled again once its results were there.

import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BATCH_VECTORS_MAX, WriteBatch } from '../../../../src/volume/local/write-batch.ts';

const EBADF = 9;
const WRITES_MAX = 64;

function begin(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'allpath-write-batch-'));
  const path = join(folder, 'file');
  const file = openSync(path, 'w+');
  const batch = WriteBatch.create() ?? assert.fail('this system has asynchronous I/O');
  context.after(() => {
    batch.destroy();
    closeSync(file);
    rmSync(folder, { recursive: true });
  });
  return { batch, file, read: () => readFileSync(path) };
}

/** Resolves with a copy of the results, which are valid inside the call alone. */
function submit(batch: WriteBatch): Promise<number[]> {
  return new Promise((resolve) => {
    batch.submit((results) => resolve([...results]));
  });
}

function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

test('each write lands at its offset, gathered from its parts', async (context) => {
  const { batch, file, read } = begin(context);
  const backing = new Uint8Array(16).map((_, i) => i);
  assert.ok(batch.add(file, 4, [filled(2, 0xaa), backing.subarray(5, 8)]));
  assert.ok(batch.add(file, 0, [filled(3, 0xbb)]));
  assert.equal(batch.count, 2);
  assert.deepEqual(await submit(batch), [5, 3]);
  assert.deepEqual([...read()], [0xbb, 0xbb, 0xbb, 0, 0xaa, 0xaa, 5, 6, 7]);
});

test('a write that fails has its errno, and the others of the batch their lengths', async (context) => {
  const { batch, file, read } = begin(context);
  batch.add(file, 0, [filled(1, 1)]);
  batch.add(999_999, 0, [filled(1, 2)]);
  batch.add(file, 1, [filled(1, 3)]);
  const [first, second] = await submit(batch);
  assert.equal(first, 1);
  // The kernel takes the batch up to the write that it refuses; the rest is the caller's to repeat.
  assert.ok(second === -EBADF || second! < -1000);
  assert.equal(read()[0], 1);
});

test('it can be filled again, and keeps nothing of the batch before', async (context) => {
  const { batch, file, read } = begin(context);
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < WRITES_MAX; i++) batch.add(file, i, [filled(1, round)]);
    assert.deepEqual(await submit(batch), Array(WRITES_MAX).fill(1));
    assert.equal(batch.count, 0);
  }
  assert.deepEqual(read(), Buffer.alloc(WRITES_MAX, 4));
});

test('it takes so many writes, and so many parts of them, and no more', async (context) => {
  const { batch, file } = begin(context);
  for (let i = 0; i < WRITES_MAX; i++) assert.ok(batch.add(file, i, [filled(1, 1)]));
  assert.equal(batch.add(file, 0, [filled(1, 1)]), false);
  assert.equal((await submit(batch)).length, WRITES_MAX);
  const parts = Array.from({ length: BATCH_VECTORS_MAX }, () => filled(1, 2));
  assert.ok(batch.add(file, 0, parts.slice(1)));
  assert.equal(batch.add(file, 0, parts.slice(0, 2)), false);
  assert.ok(batch.add(file, 0, parts.slice(0, 1)));
  assert.deepEqual(await submit(batch), [BATCH_VECTORS_MAX - 1, 1]);
});

test('an offset beyond 4 GiB is not cut off', async (context) => {
  const { batch, file } = begin(context);
  const far = 5 * 2 ** 32 + 4096;
  batch.add(file, far, [filled(1, 7)]);
  assert.deepEqual(await submit(batch), [1]);
  const { readSync } = await import('node:fs');
  const byte = new Uint8Array(1);
  assert.equal(readSync(file, byte, 0, 1, far), 1);
  assert.equal(byte[0], 7);
});
