// The kernel and the root image of the guest: made once of Debian packages, and kept in the user's
// cache until the lists in `contents.ts` change.

import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun } from '../../support/run.ts';
import { makeDebianRoot } from './debian-root.ts';
import { unpackKernel } from './kernel.ts';

export interface GuestImage {
  readonly kernel: string;
  /** A cpio archive, which the kernel unpacks into memory. */
  readonly root: string;
}

/** Sources that decide what is in the image. */
const recipe = ['contents.ts', 'debian-root.ts', 'guest-image.ts', 'kernel.ts'];
const PACK_LIMIT_MS = 10 * 60_000;

/** Resolves to the image, which is made first if there is none of this recipe. */
export async function guestImage(): Promise<GuestImage> {
  const cache = join(
    process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    'allpath',
    'guest',
  );
  const folder = join(cache, recipeDigest());
  if (!existsSync(folder)) await make(cache, folder);
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
  const older = readdirSync(cache);
  const work = mkdtempSync(join(cache, 'making-'));
  try {
    const root = await makeDebianRoot(work);
    const image = join(work, 'image');
    mkdirSync(image);
    const [kernel = ''] = globSync(join(root, 'boot/vmlinuz-*'));
    await unpackKernel(kernel, join(image, 'kernel'));
    rmSync(join(root, 'boot'), { recursive: true });
    await pack(root, join(image, 'root.cpio'));
    // Another test process may have been faster.
    if (!existsSync(folder)) renameSync(image, folder);
    for (const name of older) rmSync(join(cache, name), { recursive: true, force: true });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Packs a folder as the kernel takes it; everything belongs to root there. */
export async function pack(folder: string, archive: string): Promise<void> {
  const script = 'cd "$0" && find . | sort | cpio --quiet -o -H newc -R 0:0 > "$1"';
  await mustRun('bash', ['-o', 'pipefail', '-c', script, folder, archive], PACK_LIMIT_MS);
}

/** The files of the tests, which are unpacked over those of the packages. */
export const testFiles = fileURLToPath(new URL('files', import.meta.url));
