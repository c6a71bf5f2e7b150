import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemReason } from '../../base/system-reason.ts';

/** As much as a block of the file systems that are common. */
const PROBE_LENGTH_BYTES = 64 * 1024;

/** No block, no inode, or no quota is left. */
export function isNoSpace(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/**
 * Why nothing can be written in a folder, as the kernel says it; undefined if something can. SQLite
 * does not tell a full file system from a broken one for all of its files.
 */
export function probeWriting(directory: string): NodeJS.ErrnoException | undefined {
  const path = join(directory, `.probe-${process.pid}`);
  try {
    const descriptor = openSync(path, 'w', 0o600);
    try {
      writeSync(descriptor, Buffer.alloc(PROBE_LENGTH_BYTES, 1));
    } finally {
      closeSync(descriptor);
      unlinkSync(path);
    }
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

/** The remedy for the administrator, with the place. */
export function describeFault(fault: NodeJS.ErrnoException, directory: string): string {
  return `cannot write in ${directory}: ${systemReason(fault)}`;
}
