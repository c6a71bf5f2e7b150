import type { Volume, VolumeFault, VolumeLimits, VolumeResult } from './volume.ts';

const OUT_OF_RANGE = fault('outOfRange');
const REFUSED = fault('refused');

/** The result for a fault. */
export function fault(status: VolumeFault, errno?: number): VolumeResult {
  return Object.freeze(errno === undefined ? { status } : { status, errno });
}

/** Why a driver does not take a range; undefined when it does. */
export function rangeRefusal(
  volume: Pick<Volume, 'sizeBytes' | 'limits'>,
  offset: number,
  length: number,
): VolumeResult | undefined {
  if (!(offset >= 0 && length >= 0 && offset + length <= volume.sizeBytes)) return OUT_OF_RANGE;
  const { alignmentBytes } = volume.limits;
  return offset % alignmentBytes === 0 && length % alignmentBytes === 0 ? undefined : REFUSED;
}

/** Why a driver does not compare and write a range that it has; undefined when it does. */
export function atomicRefusal(
  limits: VolumeLimits,
  offset: number,
  compareBytes: number,
  writeBytes: number,
): VolumeResult | undefined {
  const { atomicBoundaryBytes: boundary, compareAndWriteMaxBytes } = limits;
  const last = offset + Math.max(compareBytes, 1) - 1;
  const isTaken =
    compareBytes === writeBytes &&
    compareBytes <= compareAndWriteMaxBytes &&
    Math.floor(offset / boundary) === Math.floor(last / boundary);
  return isTaken ? undefined : REFUSED;
}

/** Why a driver does not repeat a pattern over a range that it has; undefined when it does. */
export function patternRefusal(length: number, patternBytes: number): VolumeResult | undefined {
  return patternBytes > 0 && length % patternBytes === 0 ? undefined : REFUSED;
}
