import { constants } from 'node:fs';
import { copyFile, open, rm } from 'node:fs/promises';
import { Failure } from '../../base/failure.ts';

/**
 * Makes a file that has the data of another one and shares its blocks (FICLONE), which takes as
 * long as the file has extents. Throws `snapshotUnsupported` if the file system cannot do that.
 */
export async function shareFile(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (CANNOT_SHARE.has(code)) throw new Failure('snapshotUnsupported', UNSUPPORTED);
    throw new Failure('volumeUnwritable', `cannot write ${to}: ${message}`);
  }
}

/** Data of the file that only the page cache has goes to the disk. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

const CANNOT_SHARE: ReadonlySet<string> = new Set(['ENOTSUP', 'ENOTTY', 'EINVAL', 'ENOSYS']);

const UNSUPPORTED =
  'the file system of the store cannot share blocks between files (reflink), which snapshots and ' +
  'clones need: XFS and Btrfs can, ext4 cannot';
