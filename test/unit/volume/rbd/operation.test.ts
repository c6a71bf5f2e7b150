// Proves how an operation passes between the volume's buffers and librbd's, that what an opening
// refuses is told later, and that an opening hears of the end of each of its writes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Completion } from '../../../../src/ceph/ceph-calls.ts';
import { EAGAIN, ESHUTDOWN } from '../../../../src/ceph/errno.ts';
import { IMAGE_BUFFERS_MAX } from '../../../../src/ceph/rbd-image.ts';
import type { ImageOpening } from '../../../../src/volume/rbd/image-opening.ts';
import {
  type Operation,
  probe,
  RareOperation,
  ReadOperation,
  WriteOperation,
} from '../../../../src/volume/rbd/operation.ts';
import { fault } from '../../../../src/volume/refusal.ts';
import { DONE, type VolumeResult } from '../../../../src/volume/volume.ts';

/** An opening that takes what it is told to, and remembers it. */
class FakeOpening {
  refusal: VolumeResult | undefined;
  writesEnded = 0;
  readonly taken: { offset: number; list: readonly Uint8Array[]; completion: Completion }[] = [];

  read(offset: number, list: readonly Uint8Array[], completion: Completion) {
    if (this.refusal === undefined) this.taken.push({ offset, list, completion });
    return this.refusal;
  }

  write(offset: number, list: readonly Uint8Array[], completion: Completion) {
    return this.read(offset, list, completion);
  }

  writeEnded(): void {
    this.writesEnded++;
  }
}

function fly(operation: Operation, opening = new FakeOpening()) {
  const landed: VolumeResult[] = [];
  const owner = { landed: (_: Operation, result: VolumeResult) => landed.push(result) };
  operation.fly(owner, opening as unknown as ImageOpening);
  return { opening, landed };
}

test('a read fills the buffers of its caller, also more of them than librbd takes', () => {
  for (const count of [2, IMAGE_BUFFERS_MAX, IMAGE_BUFFERS_MAX + 1]) {
    const into = Array.from({ length: count }, () => new Uint8Array(3));
    const { opening, landed } = fly(new ReadOperation(512, into, 3 * count));
    const { offset, list, completion } = opening.taken[0]!;
    assert.equal(offset, 512);
    assert.ok(list.length <= IMAGE_BUFFERS_MAX);
    for (const part of list) part.fill(7);
    completion.complete(3 * count, 0);
    assert.deepEqual(landed, [DONE]);
    assert.ok(into.every((part) => part.every((byte) => byte === 7)));
  }
});

test('a read that was cut off is out of range: the image has shrunk', () => {
  const { opening, landed } = fly(new ReadOperation(0, [new Uint8Array(8)], 8));
  opening.taken[0]!.completion.complete(4, 0);
  assert.deepEqual(landed, [fault('outOfRange')]);
});

test('an errno means what it does for a read, and for a write', () => {
  const read = fly(new ReadOperation(0, [new Uint8Array(8)], 8));
  read.opening.taken[0]!.completion.complete(ESHUTDOWN, 0);
  assert.deepEqual(read.landed, [fault('fenced')]);
  const write = fly(new WriteOperation(0, [new Uint8Array(8)], 8));
  write.opening.taken[0]!.completion.complete(EAGAIN, 0);
  assert.deepEqual(write.landed, [fault('busy')]);
});

test('the end of each write is told to its opening before it is known above', () => {
  const { opening, landed } = fly(new WriteOperation(0, [new Uint8Array(8)], 8));
  assert.deepEqual([opening.writesEnded, landed.length], [0, 0]);
  opening.taken[0]!.completion.complete(0, 0);
  assert.deepEqual([opening.writesEnded, landed], [1, [DONE]]);
});

test('what an opening refuses is told later, and is not its write', async () => {
  for (const operation of [
    new ReadOperation(0, [new Uint8Array(8)], 8),
    new WriteOperation(0, [new Uint8Array(8)], 8),
  ]) {
    const refusing = new FakeOpening();
    refusing.refusal = fault('unservable');
    const { landed } = fly(operation, refusing);
    assert.equal(landed.length, 0);
    await Promise.resolve();
    assert.deepEqual([landed, refusing.writesEnded], [[fault('unservable')], 0]);
  }
});

test('an operation flies again elsewhere and is no longer held', () => {
  const operation = new ReadOperation(0, [new Uint8Array(8)], 8);
  const [first, second] = [new FakeOpening(), new FakeOpening()];
  fly(operation, first);
  operation.heldMs = 5;
  const { landed } = fly(operation, second);
  assert.equal(operation.heldMs, undefined);
  assert.equal(operation.opening, second as unknown as ImageOpening);
  second.taken[0]!.completion.complete(8, 0);
  assert.deepEqual([landed, first.taken.length, second.taken.length], [[DONE], 1, 1]);
});

test('a rare operation lands by the callback that it was given', () => {
  let land: (result: VolumeResult) => void = () => {};
  const { landed } = fly(
    new RareOperation(false, 0, 0, (_, done) => {
      land = done;
    }),
  );
  land(DONE);
  assert.deepEqual(landed, [DONE]);
});

test('a probe resolves with what its read came to', async () => {
  const opening = new FakeOpening();
  const probed = probe(opening as unknown as ImageOpening, 4096, 512);
  const { offset, list, completion } = opening.taken[0]!;
  assert.deepEqual([offset, list[0]!.length], [4096, 512]);
  completion.complete(512, 0);
  assert.deepEqual(await probed, DONE);
});
