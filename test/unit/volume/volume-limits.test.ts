// Proves that limits which break the contract of volumes are a defect, found when they are made.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VolumeLimits } from '../../../src/volume/volume.ts';
import { volumeLimits } from '../../../src/volume/volume-limits.ts';

const good: VolumeLimits = {
  alignmentBytes: 512,
  compareAndWriteMaxBytes: 4096,
  atomicBoundaryBytes: 4096,
  optimalGranularityBytes: 4096,
  unmapGranularityBytes: 4096,
  volatileCache: true,
};

test('limits that keep the contract are given back, and change no more', () => {
  const limits = volumeLimits({ ...good, compareAndWriteMaxBytes: 0 });
  assert.equal(limits.compareAndWriteMaxBytes, 0);
  assert.ok(Object.isFrozen(limits));
});

test('each limit that breaks it is found', () => {
  const bad: readonly Partial<VolumeLimits>[] = [
    { alignmentBytes: 0 },
    { alignmentBytes: 1024 },
    { compareAndWriteMaxBytes: 100 },
    { compareAndWriteMaxBytes: -512 },
    { compareAndWriteMaxBytes: 8192 },
    { atomicBoundaryBytes: 0, compareAndWriteMaxBytes: 0 },
    { atomicBoundaryBytes: 4097 },
    { optimalGranularityBytes: 0 },
    { unmapGranularityBytes: 0.5 },
  ];
  for (const limits of bad) {
    assert.throws(() => volumeLimits({ ...good, ...limits }), /^InvariantBroken/);
  }
});
