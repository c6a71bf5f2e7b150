// Proves that bytes are compared with a list of the same bytes, however the list is cut.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { firstDifference } from '../../../../src/base/bytes/first-difference.ts';

test('the first difference is found, and none where there is none', () => {
  const cuts = fc.array(fc.nat(50), { maxLength: 4 });
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(bytes, cuts, fc.nat(49), fc.nat(49), (original, places, one, other) => {
      const changed = original.slice();
      const list = cut(changed, places);
      assert.equal(firstDifference(original, list), -1);
      const differences = [one, other].filter((at) => at < changed.length);
      for (const at of differences) changed[at] = original[at]! ^ 1;
      const first = differences.length === 0 ? -1 : Math.min(...differences);
      assert.equal(firstDifference(original, list), first);
    }),
  );
});

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places, bytes.length].sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}
