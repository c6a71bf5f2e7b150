import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../base/failure.ts';
import { systemReason } from '../../base/system-reason.ts';

const MAKERS = '"allpath apply", "disk create" and "demo" make a store';

/** Whether a folder holds a store. Rejects with `storeUnreadable` if that cannot be seen. */
export async function holdsStore(directory: string): Promise<boolean> {
  try {
    await access(join(directory, 'records', 'records.db'), constants.R_OK);
    return true;
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    throw new Failure(
      'storeUnreadable',
      `cannot read the store in ${directory}: ${await describe(directory, code, cause)}`,
      { directory, errno: code },
      { cause },
    );
  }
}

/** Rejects with `storeMissing` if it does not, so that a mistyped path makes nothing. */
export async function requireStore(directory: string): Promise<void> {
  if (await holdsStore(directory)) return;
  const there = await stat(directory).catch(() => undefined);
  const what = there === undefined ? 'there is no folder' : 'there is no store in the folder';
  throw new Failure('storeMissing', `${what} ${directory}: check --store; ${MAKERS}`, {
    directory,
  });
}

async function describe(directory: string, code: string, cause: unknown): Promise<string> {
  const there = await stat(directory).catch(() => undefined);
  if (there?.isDirectory() === false) return 'it is a file, not a folder';
  const reason = systemReason(cause);
  if (code !== 'EACCES' || there === undefined) return reason;
  const mode = (there.mode & 0o777).toString(8).padStart(4, '0');
  return `${reason}; the folder belongs to user id ${there.uid} (mode ${mode}): run as that user`;
}
