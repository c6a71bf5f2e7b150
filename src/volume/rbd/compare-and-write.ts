import { CMPEXT_MISMATCH, ENOENT } from '../../ceph/errno.ts';
import { fault } from '../refusal.ts';
import type { VolumeResult } from '../volume.ts';
import { type DataObject, dataObject, firstByteOf, type ObjectLayout } from './data-object.ts';
import { resultOf } from './errno-result.ts';

/** An open image as a compare-and-write uses it. */
export interface CompareAndWriteImage {
  readonly layout: ObjectLayout;
  /** Bytes from its start that a parent backs; 0 without one. May shrink at any time. */
  readonly parentOverlapBytes: number;
  /** Why nothing more may be submitted, if so. */
  readonly refusal: VolumeResult | undefined;
  /** Resolves when the snapshots of now are known; undefined when they are. */
  readonly fresh: Promise<void> | undefined;
  /** See `RadosPool.startCompareAndWrite`; with the image's snapshot context. */
  compareAndWrite(
    object: string,
    offset: number,
    compare: Uint8Array,
    write: Uint8Array,
    mustExist: boolean,
    done: (errno: number) => void,
  ): void;
  /** Has librbd copy the parent's data into the object that holds `offset`, if it is absent. */
  copyUp(offset: number): Promise<VolumeResult>;
}

/** An object that is still absent after this many copy-ups belongs to a rapidly changing image. */
const COPY_UPS_MAX = 4;

/**
 * Compares and writes inside one data object by one operation of the OSD (CMPEXT and WRITE), which
 * excludes every other write of every client. (librbd's own, up to Ceph 17, takes one sector of 512
 * bytes.) An object that a clone has not copied up yet would compare as zeros, and a write to it
 * would hide the parent's data: there the operation asserts that the object exists.
 *
 * Before each operation it checks again whether it may continue, and with which snapshots, because
 * it must not change an existing snapshot. Until an operation ends otherwise than -ENOENT nothing
 * has changed.
 */
export function compareAndWrite(
  image: CompareAndWriteImage,
  offset: number,
  compare: Uint8Array,
  write: Uint8Array,
  onResult: (result: VolumeResult) => void,
  copyUps = 0,
): void {
  const { refusal, fresh } = image;
  if (refusal !== undefined) {
    onResult(refusal);
    return;
  }
  if (fresh !== undefined) {
    void fresh.then(() => compareAndWrite(image, offset, compare, write, onResult, copyUps));
    return;
  }
  const target = dataObject(image.layout, offset);
  // A flatten or a shrink takes the parent away.
  const isBacked = isParentBacked(image, target);
  image.compareAndWrite(target.name, target.offset, compare, write, isBacked, (errno) => {
    if (errno <= CMPEXT_MISMATCH) {
      onResult({ status: 'miscompare', offset: CMPEXT_MISMATCH - errno });
    } else if (errno !== ENOENT || !isBacked) {
      onResult(resultOf(errno, false));
    } else if (copyUps === COPY_UPS_MAX) {
      onResult(fault('busy'));
    } else {
      void image.copyUp(offset).then((copied) => {
        if (copied.status !== 'done') onResult(copied);
        else compareAndWrite(image, offset, compare, write, onResult, copyUps + 1);
      });
    }
  });
}

function isParentBacked(image: CompareAndWriteImage, { index }: DataObject): boolean {
  return firstByteOf(image.layout, index) < image.parentOverlapBytes;
}
