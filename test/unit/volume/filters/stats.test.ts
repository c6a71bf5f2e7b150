// Proves that a probe learns of every operation and its length, and that reads and writes are
// measured one in a few, so that most of them cost no promise more.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Stats,
  TRANSFERS_PER_SAMPLE,
  type VolumeProbe,
} from '../../../../src/volume/filters/stats.ts';
import { DONE, type Volume, type VolumeResult } from '../../../../src/volume/volume.ts';
import { MemoryStore } from '../../../doubles/memory-volumes.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

class Notes implements VolumeProbe {
  readonly submitted: [string, number][] = [];
  readonly measured: [string, number][] = [];

  onSubmitted(operation: string, lengthBytes: number): void {
    this.submitted.push([operation, lengthBytes]);
  }

  onMeasured(operation: string, durationMs: number): void {
    this.measured.push([operation, durationMs]);
  }
}

const page = new Uint8Array(4096);

test('every operation is told with its length, and all but transfers are measured', async () => {
  const store = new MemoryStore();
  await store.create('disk', 65_536);
  const notes = new Notes();
  const volume = new Stats(await store.open('disk'), notes, new VirtualClock());
  await volume.read(0, [page, page]);
  await volume.write(0, [page]);
  await volume.compareAndWrite(0, [page], [page]);
  await volume.writeSame(0, 8192, new Uint8Array(512).fill(1));
  await volume.unmap(4096, 4096);
  await volume.writeZeroes(0, 512);
  await volume.flush();
  const submitted = [
    ['read', 8192],
    ['write', 4096],
    ['compareAndWrite', 4096],
    ['writeSame', 8192],
    ['unmap', 4096],
    ['writeZeroes', 512],
    ['flush', 0],
  ];
  assert.deepEqual(notes.submitted, submitted);
  assert.deepEqual(
    notes.measured.map(([operation]) => operation),
    submitted.slice(2).map(([operation]) => operation),
  );
});

test('of transfers one in a few is measured; the others are the promises of the volume', async () => {
  const clock = new VirtualClock();
  const pending: ((result: VolumeResult) => void)[] = [];
  const promises: Promise<VolumeResult>[] = [];
  const late = (): Promise<VolumeResult> => {
    promises.push(new Promise((resolve) => pending.push(resolve)));
    return promises.at(-1)!;
  };
  const notes = new Notes();
  const volume = new Stats({ read: late, write: late } as unknown as Volume, notes, clock);
  const results = Array.from({ length: 2 * TRANSFERS_PER_SAMPLE }, (_, i) =>
    i % 2 === 0 ? volume.read(0, [page]) : volume.write(0, [page]),
  );
  const own = results.filter((result, i) => result === promises[i]);
  assert.equal(own.length, results.length - 2);
  await clock.advance(5);
  for (const resolve of pending) resolve(DONE);
  assert.deepEqual(new Set(await Promise.all(results)), new Set([DONE]));
  assert.deepEqual(notes.measured, [
    ['write', 5],
    ['write', 5],
  ]);
});
