import { mustRun } from '../../support/run.ts';

const PACK_LIMIT_MS = 10 * 60_000;

/** Packs a folder as the kernel takes it; everything belongs to root there. */
export async function pack(folder: string, archive: string): Promise<void> {
  const script = 'cd "$0" && find . | sort | cpio --quiet -o -H newc -R 0:0 > "$1"';
  await mustRun('bash', ['-o', 'pipefail', '-c', script, folder, archive], PACK_LIMIT_MS);
}
