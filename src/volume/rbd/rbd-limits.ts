import type { VolumeLimits } from '../volume.ts';

/** The longest that COMPARE AND WRITE can ask for: 255 blocks of 4096 bytes. */
const COMPARE_AND_WRITE_MAX_BYTES = 255 * 4096;

/**
 * The granularity for writes and unmaps: librbd's rbd_discard_granularity_bytes, the largest unit
 * in which an OSD allocates by default.
 */
const GRANULARITY_BYTES = 64 * 1024;

/** `atomicBytes`: the aligned length that one operation of the cluster changes atomically. */
export function rbdLimits(atomicBytes: number): VolumeLimits {
  const granularityBytes = Math.min(GRANULARITY_BYTES, atomicBytes);
  return Object.freeze({
    alignmentBytes: 512,
    compareAndWriteMaxBytes: Math.min(COMPARE_AND_WRITE_MAX_BYTES, atomicBytes),
    atomicBoundaryBytes: atomicBytes,
    optimalGranularityBytes: granularityBytes,
    unmapGranularityBytes: granularityBytes,
    // With rbd_cache=false a write is durable when it is acknowledged.
    volatileCache: false,
  });
}
