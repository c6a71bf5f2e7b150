// Proves what becomes of a volume's operations where its open image changes under them: bounds,
// waiting in order, and that after a fence reads are done again and writes are not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ESHUTDOWN } from '../../../../src/ceph/errno.ts';
import type { OpenImage } from '../../../../src/volume/rbd/open-image.ts';
import { ReadOperation, WriteOperation } from '../../../../src/volume/rbd/operation.ts';
import {
  HELD_CHECK_MS,
  HELD_MAX_MS,
  OPERATIONS_MAX,
  Operations,
  WRITE_BYTES_MAX,
} from '../../../../src/volume/rbd/operations.ts';
import { fault } from '../../../../src/volume/refusal.ts';
import { DONE, type VolumeResult } from '../../../../src/volume/volume.ts';
import { FakeImage } from '../../../support/fake-open-image.ts';
import { settle, VirtualClock } from '../../../support/virtual-clock.ts';

const BYTES = 512;

function begin() {
  const clock = new VirtualClock();
  const image = new FakeImage();
  let lost = 0;
  const operations = new Operations(image as unknown as OpenImage, clock, {
    onLost: () => lost++,
    onForbidden: () => Promise.resolve(false),
  });
  const ended: (VolumeResult | undefined)[] = [];
  const run = (operation: ReadOperation | WriteOperation) => {
    const at = ended.push(undefined) - 1;
    const result = operations.run(operation);
    if (result instanceof Promise) void result.then((value) => (ended[at] = value));
    else ended[at] = result;
  };
  const read = (offset = 0) => run(new ReadOperation(offset, [new Uint8Array(BYTES)], BYTES));
  const write = (offset = 0, length = BYTES) =>
    run(new WriteOperation(offset, [new Uint8Array(BYTES)], length));
  const replace = () => {
    const next = new FakeImage();
    operations.replaceImage(next as unknown as OpenImage);
    return next;
  };
  return { clock, image, operations, ended, read, write, replace, lost: () => lost };
}

test('operations and the bytes that they write are bounded; one alone may be longer', async () => {
  const many = begin();
  for (let i = 0; i <= OPERATIONS_MAX; i++) many.read(i * BYTES);
  assert.deepEqual([many.image.taken.length, many.ended.at(-1)], [OPERATIONS_MAX, fault('busy')]);
  const long = begin();
  long.write(0, WRITE_BYTES_MAX + 1);
  assert.equal(long.image.taken.length, 1);
  long.write();
  assert.deepEqual(long.ended, [undefined, fault('busy')]);
  long.image.end(0);
  await settle();
  assert.deepEqual([long.ended[0], long.operations.count], [DONE, 0]);
});

test('what waits is submitted in order, and what waits for too long changed nothing', async () => {
  const { clock, image, operations, ended, read, write } = begin();
  operations.suspend();
  for (const offset of [3, 1, 2]) write(offset);
  assert.equal(image.taken.length, 0);
  operations.resume();
  assert.deepEqual(
    image.taken.map(({ offset }) => offset),
    [3, 1, 2],
  );
  operations.suspend();
  read();
  await clock.advance(HELD_MAX_MS + 2 * HELD_CHECK_MS);
  assert.deepEqual(ended.slice(3), [fault('busy')]);
  assert.equal(image.taken.length, 3);
});

test('while the image holds writes, reads pass', () => {
  const { image, operations, read, write } = begin();
  image.holdsWrites = true;
  write(1);
  read(2);
  assert.deepEqual(
    image.taken.map(({ offset }) => offset),
    [2],
  );
  image.holdsWrites = false;
  operations.release();
  assert.deepEqual(
    image.taken.map(({ offset }) => offset),
    [2, 1],
  );
});

test('after the fence of its client a write ends fenced, and a read is done by the next', async () => {
  const { image, operations, ended, read, write, replace, lost } = begin();
  write();
  read();
  image.end(ESHUTDOWN);
  image.end(ESHUTDOWN);
  await settle();
  assert.deepEqual([ended, lost()], [[undefined, undefined], 2], 'until the fence is finished');
  operations.suspend();
  operations.fenced();
  const next = replace();
  operations.resume();
  assert.equal(next.taken.length, 1);
  next.end(BYTES);
  await settle();
  assert.deepEqual(ended, [fault('fenced'), DONE]);
});

test('what lands after the end of the fence is not told twice', async () => {
  const { image, operations, ended, write, replace } = begin();
  write();
  operations.suspend();
  operations.fenced();
  replace();
  operations.resume();
  await settle();
  assert.deepEqual([ended, image.writesEnded], [[fault('fenced')], 0]);
  image.end(0);
  await settle();
  assert.deepEqual([ended, image.writesEnded, operations.count], [[fault('fenced')], 1, 0]);
});
