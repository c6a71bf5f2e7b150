// Proves that each duration falls into the first bucket that takes it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BUCKETS_SECONDS, Histogram } from '../../../src/metrics/histogram.ts';

test('a duration falls into the first bucket whose bound is not below it', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 60_000, noNaN: true })), (durations) => {
      const histogram = new Histogram();
      for (const each of durations) histogram.observe(each);
      const bounds = [...BUCKETS_SECONDS.map((seconds) => seconds * 1000), Infinity];
      const counts = bounds.map(
        (bound, i) =>
          durations.filter((each) => each <= bound && each > (bounds[i - 1] ?? -1)).length,
      );
      assert.deepEqual([...histogram.counts], counts);
      assert.equal(histogram.count, durations.length);
      assert.equal(
        histogram.sumMs,
        durations.reduce((sum, each) => sum + each, 0),
      );
    }),
  );
});

test('the bounds rise', () => {
  assert.deepEqual(
    [...BUCKETS_SECONDS].sort((a, b) => a - b),
    BUCKETS_SECONDS,
  );
});
