// Extents of an allocation have no gaps and no overlaps, stay inside the range and its count, and
// say nothing of what a diff that was cut off did not reach.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allocationExtents } from '../../../../src/volume/rbd/allocation-extents.ts';

test('what a diff leaves out is not allocated, nor what was discarded', () => {
  const diff = [
    { offset: 100, length: 50, exists: true },
    { offset: 150, length: 10, exists: false },
    { offset: 200, length: 500, exists: true },
  ];
  assert.deepEqual(allocationExtents(diff, false, 120, 280, 9), [
    { offset: 120, length: 30, allocated: true },
    { offset: 150, length: 50, allocated: false },
    { offset: 200, length: 200, allocated: true },
  ]);
  assert.deepEqual(allocationExtents(diff.slice(0, 1), true, 90, 400, 9), [
    { offset: 90, length: 10, allocated: false },
    { offset: 100, length: 50, allocated: true },
  ]);
  assert.deepEqual(allocationExtents([], false, 0, 512, 1), [
    { offset: 0, length: 512, allocated: false },
  ]);
});

test('any diff in order gives extents without gaps', () => {
  const parts = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 40 }), fc.boolean()));
  fc.assert(
    fc.property(
      parts,
      fc.nat(100),
      fc.nat(400),
      fc.integer({ min: 1, max: 8 }),
      (all, from, length, max) => {
        let at = 0;
        const diff = all.map(([gap, size, exists]) => {
          const extent = { offset: at + gap, length: size, exists };
          at += gap + size;
          return extent;
        });
        const extents = allocationExtents(diff, false, from, length, max);
        let next = from;
        for (const extent of extents) {
          assert.equal(extent.offset, next);
          assert.ok(extent.length > 0);
          next += extent.length;
          for (let byte = extent.offset; byte < next; byte++) {
            const inDiff = diff.find((d) => d.offset <= byte && byte < d.offset + d.length);
            assert.equal(extent.allocated, inDiff?.exists ?? false);
          }
        }
        assert.ok(extents.length <= max);
        assert.ok(extents.length === max ? next <= from + length : next === from + length);
      },
    ),
  );
});
