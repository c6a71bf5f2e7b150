// What the kernel refuses comes back as the fault that the contract names, with its errno.

import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../../../src/host/system-clock.ts';
import { FileMedium } from '../../../../src/volume/local/file-medium.ts';
import { WriteLease } from '../../../../src/volume/local/write-lease.ts';
import { WriteBatches, WriteQueue } from '../../../../src/volume/local/write-queue.ts';

function medium(
  context: TestContext,
  path: string,
  flags: string,
  lease = new WriteLease(),
): FileMedium {
  const descriptor = openSync(path, flags);
  const batches = new WriteBatches();
  context.after(() => {
    batches.close();
    closeSync(descriptor);
  });
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

test('what waits for the thread pool when the lease ends changes nothing', async (context) => {
  const path = join(mkdtempSync(join(tmpdir(), 'allpath-medium-')), 'file');
  context.after(() => rmSync(dirname(path), { recursive: true }));
  const before = new Uint8Array(64 * 512).fill(1).fill(2, 63 * 512);
  writeFileSync(path, before);
  const lease = new WriteLease();
  const file = medium(context, path, 'r+', lease);
  // Two at a time are in the pool.
  const zeroed = Array.from({ length: 16 }, (_, i) => file.zero(i * 512, 512, false));
  const copied = Array.from({ length: 16 }, (_, i) =>
    file.copyFrom(file, 63 * 512, (16 + i) * 512, 512),
  );
  lease.renew(0);
  const results = await Promise.all([...zeroed, ...copied]);
  assert.ok(results.filter(({ status }) => status === 'fenced').length >= 30);
  assert.deepEqual(readFileSync(path).subarray(2 * 512), Buffer.from(before.subarray(2 * 512)));
});
