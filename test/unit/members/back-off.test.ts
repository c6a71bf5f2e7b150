// The wait before a new incarnation: 1 to 60 s, longer each time, by chance, and one seed's own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BackOff } from '../../../src/members/back-off.ts';
import { BACK_OFF_MAX_MS, BACK_OFF_MIN_MS } from '../../../src/members/limits.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

function waits(seed: number, count: number): number[] {
  const backOff = new BackOff(new SeededRandom(seed));
  return Array.from({ length: count }, () => backOff.nextMs());
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

test('after one that served for long the row begins anew', () => {
  const backOff = new BackOff(new SeededRandom(3));
  for (let i = 0; i < 10; i++) backOff.nextMs();
  backOff.reset();
  assert.ok(backOff.nextMs() <= 2 * BACK_OFF_MIN_MS);
});
