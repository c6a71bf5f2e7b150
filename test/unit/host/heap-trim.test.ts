// Proves that a gateway gives the free memory of its allocator back at each interval and no faster
// than it can, until it is closed; and that the call is there and does give memory back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import koffi from 'koffi';

import { HeapTrim, TRIM_INTERVAL_MS, trimHeap } from '../../../src/host/heap-trim.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** Below the length at which glibc maps pieces one by one. */
const PIECE_BYTES = 30_000;

test('memory is given back at each interval, one time after the other', async () => {
  const clock = new VirtualClock();
  const running: (() => void)[] = [];
  const trim = new HeapTrim(clock, (done) => running.push(done));
  await clock.advance(TRIM_INTERVAL_MS - 1);
  assert.equal(running.length, 0);
  await clock.advance(10 * TRIM_INTERVAL_MS);
  assert.equal(running.length, 1, 'the next waits for the end of this one');
  running[0]!();
  await clock.advance(TRIM_INTERVAL_MS);
  assert.equal(running.length, 2);
  trim.close();
  running[1]!();
  await clock.advance(10 * TRIM_INTERVAL_MS);
  assert.equal(running.length, 2);
  assert.equal(clock.pending, 0);
});

test('what is free between what is in use goes back to the system', async () => {
  const library = koffi.load(null);
  const allocate = library.func('calloc', 'uintptr_t', ['size_t', 'size_t']);
  const free = library.func('free', 'void', ['uintptr_t']);
  const fill = library.func('memset', 'uintptr_t', ['uintptr_t', 'int', 'size_t']);
  const pieces = Array.from({ length: 4000 }, () => {
    const piece = Number(allocate(PIECE_BYTES, 1));
    fill(piece, 1, PIECE_BYTES);
    return piece;
  });
  const isKept = (i: number) => i % 20 === 0;
  const freed = pieces.filter((_, i) => !isKept(i));
  for (const piece of freed) free(piece);
  const before = process.memoryUsage.rss();
  await new Promise<void>((resolve) => trimHeap(resolve));
  const given = before - process.memoryUsage.rss();
  for (const piece of pieces.filter((_, i) => isKept(i))) free(piece);
  // 114 MB are free; half of it is far above what else the process does meanwhile.
  assert.ok(given > (freed.length * PIECE_BYTES) / 2, `${given} bytes were given back`);
});
