import { readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isNoSpace } from './no-space.ts';

/**
 * Room that the records keep for themselves on a file system that volumes, and other programs, may
 * fill: files that no one reads, each of which is deleted when a change finds no room. Without it a
 * gateway could not start again, and no disk could be deleted to make room. All members of a store
 * share it; `ReserveKeeper` makes it.
 */
export class Reserve {
  readonly folder: string;

  /** `directory`: the folder of the records. */
  constructor(directory: string) {
    this.folder = join(directory, 'reserve');
  }

  /** Gives one slice, and its inode, back to the file system; false if there is none. */
  release(): boolean {
    for (;;) {
      try {
        const slice = readdirSync(this.folder)[0];
        if (slice === undefined) return false;
        unlinkSync(join(this.folder, slice));
        return true;
      } catch (error) {
        // Another member has just released that one, or there never was a reserve.
        const isGone = (error as NodeJS.ErrnoException).syscall === 'unlink';
        if (!isGone || (error as NodeJS.ErrnoException).code !== 'ENOENT') return false;
      }
    }
  }
}

/** Does `work` again with a slice less each time that it finds no room. */
export async function withRoom<T>(reserve: Reserve, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isNoSpace(error) || !reserve.release()) throw error;
    }
  }
}
