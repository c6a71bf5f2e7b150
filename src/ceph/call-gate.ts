import type { Answer } from './ceph-calls.ts';
import { EAGAIN } from './errno.ts';

/** The most threads that the blocking calls of one client take at one time. */
export const BLOCKING_CALLS_MAX = 64;
/** The most blocking calls of one client that wait for one of them. */
export const BLOCKING_CALLS_WAITING_MAX = 4096;

/**
 * Bounds the calls of one client that hold a thread each. A call that hangs (an OSD that does not
 * answer) keeps its thread; the calls of other clients have gates of their own.
 */
export class CallGate {
  readonly #runningMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(runningMax = BLOCKING_CALLS_MAX) {
    this.#runningMax = runningMax;
  }

  /** Threads that are held now. */
  get running(): number {
    return this.#running;
  }

  /** Runs `call` as soon as a thread may be taken; -EAGAIN when too many wait already. */
  async run<T>(call: () => Promise<Answer<T>>): Promise<Answer<T>> {
    if (this.#running >= this.#runningMax) {
      if (this.#waiting.length >= BLOCKING_CALLS_WAITING_MAX) {
        return { errno: EAGAIN, value: undefined as T };
      }
      // A call that ends hands its thread over, so the count stays.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await call();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
