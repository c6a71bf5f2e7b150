import { globSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from './cpio.ts';
import { makeDebianRoot } from './debian-root.ts';
import { unpackKernel } from './kernel.ts';

/** Makes `kernel` and `root.cpio` in a folder, by what it leaves behind in another. */
export async function makeImage(image: string, work: string): Promise<void> {
  const root = await makeDebianRoot(work);
  mkdirSync(image);
  const [kernel = ''] = globSync(join(root, 'boot/vmlinuz-*'));
  await unpackKernel(kernel, join(image, 'kernel'));
  rmSync(join(root, 'boot'), { recursive: true });
  await pack(root, join(image, 'root.cpio'));
}
