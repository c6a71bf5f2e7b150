// The wait before a new incarnation: 1 to 60 s, longer each time, by chance, and one seed's own;
// 16 s at most after one that served.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BackOff } from '../../../src/membership/back-off.ts';
import {
  BACK_OFF_MAX_MS,
  BACK_OFF_MIN_MS,
  BACK_OFF_SERVED_MAX_MS,
  BACK_OFF_SETTLED_MS,
} from '../../../src/membership/limits.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

function waits(seed: number, count: number): number[] {
  const backOff = new BackOff(new SeededRandom(seed));
  return Array.from({ length: count }, () => backOff.afterFailureMs());
}

test('every wait is within its bounds, which double up to the last', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      for (const [i, waitMs] of waits(seed, 12).entries()) {
        assert.ok(waitMs >= BACK_OFF_MIN_MS && waitMs <= BACK_OFF_MAX_MS);
        assert.ok(waitMs <= BACK_OFF_MIN_MS * 2 ** (i + 1));
      }
    }),
  );
});

test('two gateways do not wait alike, one seed does', () => {
  assert.deepEqual(waits(1, 8), waits(1, 8));
  assert.notDeepEqual(waits(1, 8), waits(2, 8));
});

test('however often one that serves is fenced, its wait stays far below 30 s', () => {
  fc.assert(
    fc.property(fc.nat(), fc.array(fc.nat(BACK_OFF_SETTLED_MS - 1)), (seed, livesMs) => {
      const backOff = new BackOff(new SeededRandom(seed));
      for (const [i, servedMs] of livesMs.entries()) {
        const waitMs = backOff.afterServingMs(servedMs);
        assert.ok(waitMs >= BACK_OFF_MIN_MS && waitMs <= BACK_OFF_SERVED_MAX_MS);
        assert.ok(waitMs <= BACK_OFF_MIN_MS * 2 ** (i + 1));
      }
    }),
  );
});

test('after one that served for long the row begins anew, after any that served that of failures', () => {
  const backOff = new BackOff(new SeededRandom(3));
  for (let i = 0; i < 10; i++) backOff.afterServingMs(0);
  for (let i = 0; i < 10; i++) backOff.afterFailureMs();
  assert.ok(backOff.afterServingMs(BACK_OFF_SETTLED_MS) <= 2 * BACK_OFF_MIN_MS);
  assert.ok(backOff.afterFailureMs() <= 2 * BACK_OFF_MIN_MS);
});
