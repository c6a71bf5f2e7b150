// Proves how an operation passes between the volume's buffers and librbd's, that a refusal of an
// image is reported later, and that an image is notified of the end of each of its writes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EAGAIN, ESHUTDOWN } from '../../../../src/ceph/errno.ts';
import { IMAGE_BUFFERS_MAX } from '../../../../src/ceph/rbd-image.ts';
import type { OpenImage } from '../../../../src/volume/rbd/open-image.ts';
import {
  type Operation,
  probe,
  RareOperation,
  ReadOperation,
  WriteOperation,
} from '../../../../src/volume/rbd/operation.ts';
import { fault } from '../../../../src/volume/refusal.ts';
import { DONE, type VolumeResult } from '../../../../src/volume/volume.ts';
import { FakeImage } from '../../../support/fake-open-image.ts';

function start(operation: Operation, image = new FakeImage()) {
  const ended: VolumeResult[] = [];
  const owner = { ended: (_: Operation, result: VolumeResult) => ended.push(result) };
  operation.start(owner, image as unknown as OpenImage);
  return { image, ended };
}

test('a read fills the buffers of its caller, also more of them than librbd takes', () => {
  for (const count of [2, IMAGE_BUFFERS_MAX, IMAGE_BUFFERS_MAX + 1]) {
    const into = Array.from({ length: count }, () => new Uint8Array(3));
    const { image, ended } = start(new ReadOperation(512, into, 3 * count));
    const { offset, list, completion } = image.taken[0]!;
    assert.equal(offset, 512);
    assert.ok(list.length <= IMAGE_BUFFERS_MAX);
    for (const part of list) part.fill(7);
    completion.complete(3 * count, 0);
    assert.deepEqual(ended, [DONE]);
    assert.ok(into.every((part) => part.every((byte) => byte === 7)));
  }
});

test('a read that was cut off is out of range: the image has shrunk', () => {
  const { image, ended } = start(new ReadOperation(0, [new Uint8Array(8)], 8));
  image.taken[0]!.completion.complete(4, 0);
  assert.deepEqual(ended, [fault('outOfRange')]);
});

test('an errno means what it does for a read, and for a write', () => {
  const read = start(new ReadOperation(0, [new Uint8Array(8)], 8));
  read.image.taken[0]!.completion.complete(ESHUTDOWN, 0);
  assert.deepEqual(read.ended, [fault('fenced')]);
  const write = start(new WriteOperation(0, [new Uint8Array(8)], 8));
  write.image.taken[0]!.completion.complete(EAGAIN, 0);
  assert.deepEqual(write.ended, [fault('busy')]);
});

test('the end of each write is told to its open image before it is known above', () => {
  const { image, ended } = start(new WriteOperation(0, [new Uint8Array(8)], 8));
  assert.deepEqual([image.writesEnded, ended.length], [0, 0]);
  image.taken[0]!.completion.complete(0, 0);
  assert.deepEqual([image.writesEnded, ended], [1, [DONE]]);
});

test('what an open image refuses is told later, and is not its write', async () => {
  for (const operation of [
    new ReadOperation(0, [new Uint8Array(8)], 8),
    new WriteOperation(0, [new Uint8Array(8)], 8),
  ]) {
    const refusing = new FakeImage();
    refusing.refusal = fault('unservable');
    const { ended } = start(operation, refusing);
    assert.equal(ended.length, 0);
    await Promise.resolve();
    assert.deepEqual([ended, refusing.writesEnded], [[fault('unservable')], 0]);
  }
});

test('an operation is started again elsewhere and is no longer held', () => {
  const operation = new ReadOperation(0, [new Uint8Array(8)], 8);
  const [first, second] = [new FakeImage(), new FakeImage()];
  start(operation, first);
  operation.heldMs = 5;
  const { ended } = start(operation, second);
  assert.equal(operation.heldMs, undefined);
  assert.equal(operation.image, second as unknown as OpenImage);
  second.taken[0]!.completion.complete(8, 0);
  assert.deepEqual([ended, first.taken.length, second.taken.length], [[DONE], 1, 1]);
});

test('a rare operation lands by the callback that it was given', () => {
  let land: (result: VolumeResult) => void = () => {};
  const { ended } = start(
    new RareOperation(false, 0, 0, (_, done) => {
      land = done;
    }),
  );
  land(DONE);
  assert.deepEqual(ended, [DONE]);
});

test('a probe resolves with what its read came to', async () => {
  const image = new FakeImage();
  const probed = probe(image as unknown as OpenImage, 4096, 512);
  const { offset, list, completion } = image.taken[0]!;
  assert.deepEqual([offset, list[0]!.length], [4096, 512]);
  completion.complete(512, 0);
  assert.deepEqual(await probed, DONE);
});
