import { type FileHandle, open, readdir, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../../base/assert.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { EOPNOTSUPP, fallocate } from '../../host/kernel.ts';
import { makeFolder } from '../../host/make-folder.ts';
import type { Reserve } from './reserve.ts';

/** Enough for some dozens of changes of the records. */
export const SLICE_LENGTH_BYTES = 256 * 1024;
export const SLICES_MAX = 32;
/** No more than this part of a file system is reserved. */
const PART_OF_FILE_SYSTEM = 1 / 8;
/** How often a member looks whether slices that were used can be made again. */
const FILL_INTERVAL_MS = 30_000;

assert(PART_OF_FILE_SYSTEM > 0 && PART_OF_FILE_SYSTEM < 1, 'a reserve is a part of its room');

/** Keeps a reserve full for as long as its store is open. */
export class ReserveKeeper {
  readonly #reserve: Reserve;
  readonly #clock: Clock;
  readonly #random: Random;
  #timer: Timer | undefined;
  #filling: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(reserve: Reserve, clock: Clock, random: Random) {
    this.#reserve = reserve;
    this.#clock = clock;
    this.#random = random;
  }

  start(): void {
    this.#timer = this.#clock.after(FILL_INTERVAL_MS, () => {
      void this.fill().then(() => {
        if (!this.#isClosed) this.start();
      });
    });
  }

  /** Makes the slices that are missing, as far as there is room. Never rejects. */
  fill(): Promise<unknown> {
    // A store works without its reserve; the next look tries again.
    this.#filling = this.#filling.then(() => this.#fill()).catch(() => {});
    return this.#filling;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.fill();
  }

  async #fill(): Promise<void> {
    const { folder } = this.#reserve;
    await makeFolder(folder);
    const present = new Set(await readdir(folder));
    const { blocks, bsize } = await statfs(folder);
    const partBytes = blocks * bsize * PART_OF_FILE_SYSTEM;
    const count = Math.min(SLICES_MAX, Math.floor(partBytes / SLICE_LENGTH_BYTES));
    assert(count * SLICE_LENGTH_BYTES <= partBytes, 'a reserve takes its part of the room at most');
    for (let i = 0; i < count; i++) {
      if (present.has(String(i))) continue;
      if (!(await makeSlice(join(folder, String(i)), this.#random))) return;
    }
  }
}

/** False when there is no room for it. */
async function makeSlice(path: string, random: Random): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (error) {
    // Another member makes it.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return true;
    throw error;
  }
  let isMade = false;
  try {
    const result = await fallocate(file.fd, 0, 0, SLICE_LENGTH_BYTES);
    // Random bytes take up room even where a file system compresses.
    if (result === -EOPNOTSUPP) await file.writeFile(random.bytes(SLICE_LENGTH_BYTES));
    isMade = result === 0 || result === -EOPNOTSUPP;
  } finally {
    await file.close();
    if (!isMade) await unlink(path);
  }
  return isMade;
}
