import { join } from 'node:path';
import { Failure } from '../../base/failure.ts';

/*
 * A snapshot is one file, `VOLUME@NAME.snapshot`, as long as the volume was. No volume has "@" in
 * its name. Until it is whole it is called `VOLUME@NAME.snapshot.PID.new`.
 */

const FILE_PATTERN = /^([^@]+)@([^@]+?)\.snapshot(\.[0-9]+\.new)?$/;

/** With that of the volume and its suffix it fits any file system. */
const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

interface SnapshotFile {
  readonly file: string;
  readonly volume: string;
  readonly name: string;
  readonly isIncomplete: boolean;
}

export function snapshotPath(folder: string, volume: string, name: string): string {
  if (!NAME_PATTERN.test(name)) {
    const message = `${JSON.stringify(name)} is not a valid snapshot name`;
    throw new Failure('volumeBadName', message, { name });
  }
  return join(folder, `${volume}@${name}.snapshot`);
}

/** Where a snapshot lies until it is whole. */
export function incompletePath(path: string): string {
  return `${path}.${process.pid}.new`;
}

/** The snapshots among the files of a folder. */
export function snapshotFiles(files: readonly string[]): readonly SnapshotFile[] {
  return files.flatMap((file) => {
    const [, volume, name, suffix] = FILE_PATTERN.exec(file) ?? [];
    if (volume === undefined || name === undefined) return [];
    return [{ file, volume, name, isIncomplete: suffix !== undefined }];
  });
}

/** How many snapshots each volume has, also incomplete ones, by its name. */
export function snapshotCounts(files: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { volume } of snapshotFiles(files)) counts.set(volume, (counts.get(volume) ?? 0) + 1);
  return counts;
}
