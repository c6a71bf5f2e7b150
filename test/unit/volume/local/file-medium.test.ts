// What the kernel refuses comes back as the fault that the contract names, with its errno.

import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../../../src/host/system-clock.ts';
import { FileMedium } from '../../../../src/volume/local/file-medium.ts';
import { WriteLease } from '../../../../src/volume/local/write-lease.ts';
import { WriteBatches, WriteQueue } from '../../../../src/volume/local/write-queue.ts';

function medium(context: TestContext, path: string, flags: string): FileMedium {
  const descriptor = openSync(path, flags);
  const batches = new WriteBatches();
  context.after(() => {
    batches.close();
    closeSync(descriptor);
  });
  const lease = new WriteLease();
  return new FileMedium(descriptor, new WriteQueue(descriptor, systemClock, batches, lease), lease);
}

const ENOSPC = 28;
const EBADF = 9;
const block = new Uint8Array(512);

test('a full medium is noSpace, for every write of a batch', async (context) => {
  const full = medium(context, '/dev/full', 'r+');
  const results = await Promise.all([0, 512, 1024].map((at) => full.write(at, [block, block])));
  for (const result of results) assert.deepEqual(result, { status: 'noSpace', errno: ENOSPC });
});

test('a write that the kernel does not take is a writeError', async (context) => {
  const readOnly = medium(context, '/dev/zero', 'r');
  const results = await Promise.all([0, 512].map((at) => readOnly.write(at, [block])));
  for (const result of results) assert.deepEqual(result, { status: 'writeError', errno: EBADF });
});

test('a read that fails is a readError', async (context) => {
  const folder = medium(context, '/', 'r');
  const result = await folder.read(0, [block.slice()]);
  assert.equal(result.status, 'readError');
});

test('lists longer than a batch are written whole', async (context) => {
  const sink = medium(context, '/dev/null', 'r+');
  const many = Array.from({ length: 1025 }, () => block);
  assert.equal((await sink.write(0, many)).status, 'done');
});
