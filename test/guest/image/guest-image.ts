// The kernel and the root image of the guest: made once of Debian packages, and kept in the user's
// cache until what they are made by changes.

import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeImage } from './make-image.ts';

export interface GuestImage {
  readonly kernel: string;
  /** A cpio archive, which the kernel unpacks into memory. */
  readonly root: string;
}

/** The sources that decide what is in the image. */
const recipe = ['contents.ts', 'cpio.ts', 'debian-root.ts', 'kernel.ts', 'make-image.ts'];
/** An image of another recipe that no test has used for so long is deleted. */
const UNUSED_MAX_MS = 7 * 24 * 60 * 60_000;

/** The files of the tests, which are unpacked over those of the packages. */
export const testFiles = fileURLToPath(new URL('files', import.meta.url));

/** Resolves to the image, which is made first if there is none of this recipe. */
export async function guestImage(): Promise<GuestImage> {
  const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const cache = join(caches, 'allpath', 'guest');
  const folder = join(cache, recipeDigest());
  if (!existsSync(folder)) await make(cache, folder);
  const now = new Date();
  utimesSync(folder, now, now);
  return { kernel: join(folder, 'kernel'), root: join(folder, 'root.cpio') };
}

function recipeDigest(): string {
  const hash = createHash('sha256');
  for (const name of recipe) hash.update(readFileSync(new URL(name, import.meta.url)));
  return hash.digest('hex').slice(0, 16);
}

async function make(cache: string, folder: string): Promise<void> {
  process.stderr.write(`making the root image of the guest: ${folder}\n`);
  mkdirSync(cache, { recursive: true });
  deleteUnused(cache);
  const work = mkdtempSync(join(cache, 'making-'));
  try {
    const image = join(work, 'image');
    await makeImage(image, work);
    // Another test process may have been faster.
    if (!existsSync(folder)) renameSync(image, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function deleteUnused(cache: string): void {
  for (const path of readdirSync(cache).map((name) => join(cache, name))) {
    const unusedMs = Date.now() - statSync(path).mtimeMs;
    if (unusedMs > UNUSED_MAX_MS) rmSync(path, { recursive: true, force: true });
  }
}
