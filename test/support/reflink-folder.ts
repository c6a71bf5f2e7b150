// A folder on a file system that shares blocks between files, on a loop device: XFS.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SIZE_BYTES = 512 * 2 ** 20;
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };

export interface ReflinkFolder {
  readonly path: string;
  dispose(): Promise<void>;
}

/** Undefined where none can be mounted: that needs root, a loop device and mkfs.xfs. */
export async function reflinkFolder(): Promise<ReflinkFolder | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const place = await mkdtemp(join(tmpdir(), 'allpath-reflink-'));
  const [image, path] = [join(place, 'image'), join(place, 'folder')];
  try {
    await mkdir(path);
    await writeFile(image, '');
    await truncate(image, SIZE_BYTES);
    await run('mkfs.xfs', ['-q', '-m', 'reflink=1', image], { env });
    await run('mount', ['-o', 'loop', image, path], { env });
  } catch {
    await rm(place, { recursive: true, force: true });
    return undefined;
  }
  const dispose = async (): Promise<void> => {
    await run('umount', [path], { env });
    await rm(place, { recursive: true, force: true });
  };
  return { path, dispose };
}
