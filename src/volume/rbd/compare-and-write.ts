import { CMPEXT_MISMATCH, ENOENT } from '../../ceph/errno.ts';
import type { WriteStep } from '../../ceph/object-steps.ts';
import type { OperateResult } from '../../ceph/rados-pool.ts';
import { fault } from '../refusal.ts';
import type { VolumeResult } from '../volume.ts';
import { type DataObject, dataObject, firstByteOf, type ObjectLayout } from './data-object.ts';
import { resultOf } from './errno-result.ts';

/** What a compare-and-write needs of an open image. */
export interface CompareAndWriteImage {
  readonly layout: ObjectLayout;
  /** Bytes from its start that a parent backs; 0 without one. May shrink at any time. */
  readonly parentOverlapBytes: number;
  /** One atomic operation on a data object, with the image's snapshot context. */
  operate(object: string, steps: readonly WriteStep[]): Promise<OperateResult>;
  /** Has librbd copy the parent's data into the object that holds `offset`, if it is absent. */
  copyUp(offset: number): Promise<VolumeResult>;
}

/** An object that is still absent after so many copy-ups belongs to an image that changes apace. */
const COPY_UPS_MAX = 4;

/**
 * Compares and writes inside one data object by one operation of the OSD (CMPEXT and WRITE), which
 * excludes every other write of every client. (librbd's own, up to Ceph 17, takes one sector of 512
 * bytes.) An object that a clone has not copied up yet would compare as zeros, and a write to it
 * would hide the parent's data: there the operation asserts that the object exists.
 */
export async function compareAndWrite(
  image: CompareAndWriteImage,
  offset: number,
  compare: Uint8Array,
  write: Uint8Array,
): Promise<VolumeResult> {
  const target = dataObject(image.layout, offset);
  const exchange: readonly WriteStep[] = [
    { step: 'cmpext', offset: target.offset, bytes: compare },
    { step: 'write', offset: target.offset, bytes: write },
  ];
  for (let copyUps = 0; ; copyUps++) {
    // Asked anew each time: a flatten or a shrink takes the parent away.
    const isBacked = isParentBacked(image, target);
    const steps = isBacked ? [ASSERT_EXISTS, ...exchange] : exchange;
    const { errno } = await image.operate(target.name, steps);
    if (errno > CMPEXT_MISMATCH) {
      if (errno !== ENOENT || !isBacked) return resultOf(errno, false);
    } else {
      return { status: 'miscompare', offset: CMPEXT_MISMATCH - errno };
    }
    if (copyUps === COPY_UPS_MAX) return fault('busy');
    const copied = await image.copyUp(offset);
    if (copied.status !== 'done') return copied;
  }
}

const ASSERT_EXISTS: WriteStep = { step: 'assertExists' };

function isParentBacked(image: CompareAndWriteImage, { index }: DataObject): boolean {
  return firstByteOf(image.layout, index) < image.parentOverlapBytes;
}
