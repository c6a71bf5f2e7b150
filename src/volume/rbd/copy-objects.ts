import { ENOENT, ENOSYS, EOPNOTSUPP, EPERM } from '../../ceph/errno.ts';
import type { RadosPool } from '../../ceph/rados-pool.ts';
import { fault } from '../refusal.ts';
import { DONE, type VolumeResult } from '../volume.ts';
import { dataObject, type ObjectLayout } from './data-object.ts';
import { resultOf } from './errno-result.ts';

/** An open image that a copy reads. */
export interface CopySource {
  readonly layout: ObjectLayout;
  /** Bytes from its start that a parent backs; 0 without one. May shrink at any time. */
  readonly parentOverlapBytes: number;
  readonly dataPool: RadosPool;
  /** Why it may not be used; undefined if it may. */
  readonly refusal: VolumeResult | undefined;
}

/** An open image that a copy writes. */
export interface CopyDestination {
  readonly layout: ObjectLayout;
  /** Why nothing more may be submitted; undefined if it may. */
  readonly refusal: VolumeResult | undefined;
  /** True: writes must wait, so a copy of objects stops. */
  readonly holdsWrites: boolean;
  /** Resolves when the current snapshots are known; undefined if they are. */
  readonly fresh: Promise<void> | undefined;
  /** See `RadosPool.startCopy`; with the image's snapshot context. Resolves with the errno. */
  copyObject(object: string, sourcePool: RadosPool, source: string): Promise<number>;
  writeZeroes(offset: number, length: number): Promise<VolumeResult>;
}

interface CopyRange {
  readonly sourceOffset: number;
  readonly offset: number;
  readonly length: number;
}

const UNSUPPORTED = fault('unsupported');

/** This librados, the pool or the user cannot copy: the bytes are read and written instead. */
const CANNOT_COPY: ReadonlySet<number> = new Set([ENOSYS, EOPNOTSUPP, EPERM]);

/**
 * Copies whole data objects from OSD to OSD. A source object that is absent, and that no parent
 * backs, holds zeros. `unsupported`: the range is not one of whole objects of the same layout in
 * both images, or a parent backs it, or writes to the destination are held.
 */
export async function copyObjects(
  source: CopySource,
  destination: CopyDestination,
  { sourceOffset, offset, length }: CopyRange,
): Promise<VolumeResult> {
  const { objectSizeBytes } = destination.layout;
  if (!isOfWholeObjects(source.layout, destination.layout, [sourceOffset, offset, length])) {
    return UNSUPPORTED;
  }
  for (let done = 0; done < length; done += objectSizeBytes) {
    while (destination.fresh !== undefined) await destination.fresh;
    const refusal = destination.refusal ?? source.refusal;
    if (refusal !== undefined) return refusal;
    const isBacked = sourceOffset + done < source.parentOverlapBytes;
    if (isBacked || destination.holdsWrites) return UNSUPPORTED;
    const from = dataObject(source.layout, sourceOffset + done).name;
    const to = dataObject(destination.layout, offset + done).name;
    const errno = await destination.copyObject(to, source.dataPool, from);
    if (CANNOT_COPY.has(errno)) return UNSUPPORTED;
    const result =
      errno === ENOENT
        ? await destination.writeZeroes(offset + done, objectSizeBytes)
        : resultOf(errno, false);
    if (result.status !== 'done') return result;
  }
  return DONE;
}

function isOfWholeObjects(
  source: ObjectLayout,
  destination: ObjectLayout,
  places: readonly number[],
): boolean {
  const { objectSizeBytes } = destination;
  const isAlike = source.objectSizeBytes === objectSizeBytes;
  const isStriped = source.stripeCount > 1 || destination.stripeCount > 1;
  return isAlike && !isStriped && places.every((place) => place % objectSizeBytes === 0);
}
