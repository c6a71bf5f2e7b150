import { assert } from '../base/assert.ts';
import type { VolumeLimits } from './volume.ts';

/** Alignments are a power of two up to the smallest logical block. */
const ALIGNMENT_MAX_BYTES = 512;

/** The limits of a driver, as the contract of volumes has them; a driver calls it once for each. */
export function volumeLimits(limits: VolumeLimits): VolumeLimits {
  const { alignmentBytes, compareAndWriteMaxBytes, atomicBoundaryBytes } = limits;
  const { optimalGranularityBytes, unmapGranularityBytes } = limits;
  assert(alignmentBytes > 0, 'a volume has an alignment');
  assert(ALIGNMENT_MAX_BYTES % alignmentBytes === 0, 'every logical block is aligned');
  const isAligned = (bytes: number) => Number.isSafeInteger(bytes) && bytes % alignmentBytes === 0;
  assert(isAligned(compareAndWriteMaxBytes), 'the longest COMPARE AND WRITE is aligned');
  assert(compareAndWriteMaxBytes >= 0, 'a COMPARE AND WRITE has a length');
  assert(isAligned(atomicBoundaryBytes), 'atomic boundaries are aligned');
  assert(atomicBoundaryBytes > 0, 'atomic boundaries are apart');
  assert(
    compareAndWriteMaxBytes <= atomicBoundaryBytes,
    'the longest COMPARE AND WRITE fits between two atomic boundaries',
  );
  assert(isAligned(optimalGranularityBytes), 'the optimal granularity is aligned');
  assert(optimalGranularityBytes > 0, 'there is an optimal granularity');
  assert(isAligned(unmapGranularityBytes), 'the granularity of unmapping is aligned');
  assert(unmapGranularityBytes > 0, 'there is a granularity of unmapping');
  return Object.freeze(limits);
}
