import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Demo } from '../support/demo.ts';
import { mustRun } from '../support/run.ts';
import { backgroundWrites, MIB, qemuIo } from './qemu-io.ts';

/** What a demo needs for `copyFileSystem`. */
export const FILE_SYSTEM_SIZE_MIB = 64;

/**
 * Makes an ext4 file system of many files, writes its image with `qemu-img convert` through the
 * first gateway, reads it through the last, and rejects when the two differ. All bytes of the disk
 * hold old data before: a zero that is not written through shows.
 */
export async function copyFileSystem(demo: Demo): Promise<void> {
  await using folder = await temporaryFolder();
  const image = join(folder.path, 'image');
  const copy = join(folder.path, 'copy');
  const last = demo.url(demo.gateways - 1);
  await makeFileSystem(folder.path, image, FILE_SYSTEM_SIZE_MIB);
  await qemuIo(last, backgroundWrites(FILE_SYSTEM_SIZE_MIB * MIB));
  await mustRun('qemu-img', ['convert', '-n', '-f', 'raw', '-O', 'raw', image, demo.url(0)]);
  await mustRun('qemu-img', ['convert', '-f', 'raw', '-O', 'raw', last, copy]);
  assert.ok((await readFile(image)).equals(await readFile(copy)), 'the images differ');
  await mustRun('e2fsck', ['-f', '-n', copy]);
}

async function makeFileSystem(folder: string, image: string, sizeMiB: number): Promise<void> {
  const files = join(folder, 'files');
  await mkdir(join(files, 'deep', 'er'), { recursive: true });
  for (let i = 0; i < 40; i += 1) {
    const place = ['.', 'deep', 'deep/er'][i % 3] ?? '.';
    await writeFile(join(files, place, `file-${i}`), randomBytes(1 + ((i * 37_411) % (2 * MIB))));
  }
  await mustRun('mke2fs', ['-q', '-t', 'ext4', '-d', files, image, `${sizeMiB}M`]);
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'allpath-qemu-'));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
