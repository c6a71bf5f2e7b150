// Proves that a slab gives the views that are asked for, and for one place the same one again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SlabPool } from '../../../src/base/slab-pool.ts';

const SLAB_BYTES = 64 * 1024;

test('a view shows the bytes that were asked for, whatever was asked for before', () => {
  const slab = new SlabPool(SLAB_BYTES, 1).take();
  for (let i = 0; i < SLAB_BYTES; i++) slab.bytes[i] = i % 251;
  const places = [
    [0, 4096],
    [48, 4096],
    [48, 512],
    [4096, SLAB_BYTES - 4096],
    [SLAB_BYTES - 1, 1],
    [SLAB_BYTES, 0],
    [48, 4096],
  ] as const;
  for (const [start, length] of [...places, ...places]) {
    const view = slab.view(start, length);
    assert.deepEqual(view, slab.bytes.subarray(start, start + length), `${start} ${length}`);
    assert.equal(view.buffer, slab.bytes.buffer);
  }
});

test('the same place has the same view', () => {
  const slab = new SlabPool(SLAB_BYTES, 1).take();
  assert.equal(slab.view(48, 4096), slab.view(48, 4096));
});
