// Proves gather and scatter lists against the same bytes in one array, however they are cut.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { contiguous, fill, slice, totalLength } from '../../../src/scsi/data-buffers.ts';

const lists = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 6 });

test('a slice of a list is the slice of its bytes, without a copy', () => {
  fc.assert(
    fc.property(lists, fc.nat(130), fc.nat(130), (list, a, b) => {
      const whole = contiguous(list);
      assert.equal(whole.length, totalLength(list));
      const [start, end] = [Math.min(a, b), Math.max(a, b)];
      const parts = slice(list, start, end);
      assert.deepEqual(contiguous(parts), whole.slice(start, end));
      for (const part of parts) {
        assert.ok(list.some((original) => original.buffer === part.buffer));
      }
    }),
  );
});

test('fill puts the bytes in order, as far as both reach', () => {
  fc.assert(
    fc.property(lists, fc.uint8Array({ maxLength: 130 }), (list, source) => {
      const filled = fill(list, source);
      assert.equal(filled, Math.min(source.length, totalLength(list)));
      assert.deepEqual(contiguous(list).slice(0, filled), source.slice(0, filled));
    }),
  );
});
