// Ranges that overlap are granted in order of entry, one after the other; disjoint ones at once;
// nothing is left waiting.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Range, RangeTable } from '../../../../src/volume/local/range-table.ts';

const overlaps = (a: Range, b: Range) =>
  a.offset < b.offset + b.length && b.offset < a.offset + a.length;

test('whatever enters and leaves, the table is fair and excludes', () => {
  const unit = 16 * 1024;
  const step = fc.record({
    offset: fc.nat(40),
    length: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 10, max: 30 })),
    leaves: fc.nat(5),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = new RangeTable();
      const inside: Range[] = [];
      const granted = new Set<Range>();
      const check = () => {
        for (const [i, range] of inside.entries()) {
          const mustWait = inside.slice(0, i).some((earlier) => overlaps(earlier, range));
          assert.equal(granted.has(range), !mustWait);
        }
      };
      const leave = (index: number) => {
        const held = inside.filter((range) => granted.has(range));
        const range = held[index % Math.max(held.length, 1)];
        if (range === undefined) return;
        inside.splice(inside.indexOf(range), 1);
        table.leave(range);
      };
      for (const { offset, length, leaves } of steps) {
        const range = table.enter(offset * unit, length * unit, (it) => granted.add(it));
        inside.push(range);
        if (range.waitsFor === 0) granted.add(range);
        check();
        if (leaves > 2) leave(leaves);
        check();
      }
      while (inside.length > 0) {
        leave(0);
        check();
      }
    }),
  );
});

test('thousands of writes to one block cost as many notes, not their square', () => {
  const table = new RangeTable();
  const count = 4096;
  const granted: Range[] = [];
  const ranges = Array.from({ length: count }, (_, i) =>
    // Of one size, and growing: neither the same range nor a larger one follows all before it.
    table.enter(0, i % 2 === 0 ? 512 : 512 + 16 * i, (range) => granted.push(range)),
  );
  const notes = ranges.reduce((sum, { followers }) => sum + (followers?.length ?? 0), 0);
  assert.ok(notes <= 2 * count, `${notes} notes`);
  for (const range of ranges) table.leave(range);
  assert.deepEqual(granted, ranges.slice(1));
});
