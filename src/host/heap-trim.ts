import koffi from 'koffi';
import type { Clock, Timer } from '../base/clock.ts';

/**
 * Memory that was needed once, for example by a compiler thread, is returned after at most this.
 */
export const TRIM_INTERVAL_MS = 10_000;

/** Gives memory back that is free; calls `done` when it has. */
type Trim = (done: () => void) => void;

/**
 * Periodically returns the free memory between allocations in glibc's heap. By itself glibc returns
 * only memory at the very end of its heap, and one late compilation of the hot path needs 10 MB for
 * a moment.
 */
export class HeapTrim {
  readonly #clock: Clock;
  readonly #trim: Trim;
  #timer: Timer | undefined;
  #closed = false;

  constructor(clock: Clock, trim: Trim = trimHeap) {
    this.#clock = clock;
    this.#trim = trim;
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  /** The next begins after this one has ended: a pool of busy threads gathers none. */
  #schedule(): void {
    if (this.#closed) return;
    this.#timer = this.#clock.after(TRIM_INTERVAL_MS, () => this.#trim(() => this.#schedule()));
  }
}

/** malloc_trim(3), on a thread of the pool; nothing where the C library has none. */
export function trimHeap(done: () => void): void {
  if (mallocTrim === undefined) done();
  else mallocTrim.async(0, () => done());
}

interface MallocTrim {
  async(pad: number, done: (error: Error | null, trimmed: number) => void): void;
}

const mallocTrim = bindMallocTrim();

function bindMallocTrim(): MallocTrim | undefined {
  try {
    return koffi.load(null).func('malloc_trim', 'int', ['size_t']) as unknown as MallocTrim;
  } catch {
    return undefined;
  }
}
