import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';

/** A disk that hangs when it is full (64 KiB), until it is drained; see pipe-write-worker.ts. */
export class PipeDisk {
  readonly descriptor: number;
  readonly #reader: number;

  constructor(path: string) {
    execFileSync('mkfifo', [path]);
    this.#reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.descriptor = openSync(path, 'r+');
  }

  /** Takes out all that is there; the number of bytes. */
  drain(): number {
    const taken = Buffer.alloc(CAPACITY_BYTES);
    try {
      return readSync(this.#reader, taken);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      throw error;
    }
  }

  close(): void {
    closeSync(this.descriptor);
    closeSync(this.#reader);
  }
}

/** What a pipe holds on Linux. */
export const CAPACITY_BYTES = 64 * 1024;
