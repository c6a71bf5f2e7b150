import { arch } from 'node:process';
import koffi from 'koffi';
import { addressOf } from '../../host/kernel.ts';

/**
 * Many positioned writes in one visit to the thread pool: io_submit(2) runs buffered writes before
 * it returns, one after the other. In a batch of 32 a write of 4 KiB costs 1.6 us of CPU, where a
 * visit for each costs 4 to 19 us. Filled, submitted, and refilled after its results have arrived.
 */
export class WriteBatch {
  readonly #context: number;
  readonly #blocks = new Uint32Array(BATCH_WRITES_MAX * BLOCK_WORDS);
  readonly #pointers = new Uint32Array(BATCH_WRITES_MAX * 2);
  readonly #vectors = new Uint32Array(BATCH_VECTORS_MAX * 4);
  readonly #events = new Uint32Array(BATCH_WRITES_MAX * EVENT_WORDS);
  readonly #results = new Int32Array(BATCH_WRITES_MAX);
  /** The buffers that the kernel reads, held as long as it may read them. */
  readonly #held: (readonly Uint8Array[])[] = [];
  #vectorCount = 0;

  private constructor(context: number) {
    this.#context = context;
    const base = addressOf(this.#blocks.buffer);
    for (let i = 0; i < BATCH_WRITES_MAX; i++) {
      setU64(this.#pointers, 2 * i, base + i * BLOCK_WORDS * 4);
    }
  }

  /** Undefined where the system has no asynchronous I/O, or no more of it. */
  static create(): WriteBatch | undefined {
    if (NUMBERS === undefined) return undefined;
    const context = new Uint32Array(2);
    const { setup } = NUMBERS;
    const status = call(setup, BATCH_WRITES_MAX, addressOf(context.buffer), 0, 0, 0);
    if (status !== 0) return undefined;
    return new WriteBatch(context[0]! + context[1]! * TWO_TO_32);
  }

  get count(): number {
    return this.#held.length;
  }

  /** Adds a write; false when it does not fit in. */
  add(descriptor: number, offset: number, from: readonly Uint8Array[]): boolean {
    const index = this.#held.length;
    if (index >= BATCH_WRITES_MAX) return false;
    if (this.#vectorCount + from.length > BATCH_VECTORS_MAX) return false;
    const block = this.#blocks;
    const at = index * BLOCK_WORDS;
    block.fill(0, at, at + BLOCK_WORDS);
    block[at] = index;
    block[at + 4] = PWRITEV;
    block[at + 5] = descriptor;
    setU64(block, at + 6, addressOf(this.#vectors.buffer) + this.#vectorCount * 16);
    block[at + 8] = from.length;
    setU64(block, at + 10, offset);
    for (const view of from) {
      const vector = 4 * this.#vectorCount++;
      setU64(this.#vectors, vector, addressOf(view.buffer) + view.byteOffset);
      setU64(this.#vectors, vector + 2, view.length);
    }
    this.#held.push(from);
    return true;
  }

  /**
   * Calls `done` with a result per write, in the order of adding: bytes written or a negated errno;
   * `NOT_SUBMITTED` for one that the kernel did not take. They are valid inside the call alone.
   */
  submit(done: (results: Int32Array) => void): void {
    const { submit } = NUMBERS!;
    const count = this.#held.length;
    this.#results.fill(NOT_SUBMITTED, 0, count);
    const pointers = addressOf(this.#pointers.buffer);
    call.async(submit, this.#context, count, pointers, 0, 0, (error, submitted) => {
      // A write that was not accepted has no event; the caller writes it in another way.
      this.#collect(error === null ? Math.max(submitted, 0) : 0, done);
    });
  }

  /** Buffered writes have ended by now; should a file system defer one, the pool waits for it. */
  #collect(remaining: number, done: (results: Int32Array) => void): void {
    const events = addressOf(this.#events.buffer);
    const { getEvents } = NUMBERS!;
    const take = (count: number): number => {
      for (let i = 0; i < count; i++) {
        const at = i * EVENT_WORDS;
        this.#results[this.#events[at]!] = this.#events[at + 4]! | 0;
      }
      return remaining - Math.max(count, 0);
    };
    const left =
      remaining === 0 ? 0 : take(call(getEvents, this.#context, 0, BATCH_WRITES_MAX, events, 0));
    if (left === 0) {
      this.#finish(done);
      return;
    }
    call.async(getEvents, this.#context, 0, 0, 0, 0, () => {
      queueMicrotask(() => this.#collect(left, done));
    });
  }

  #finish(done: (results: Int32Array) => void): void {
    const results = this.#results.subarray(0, this.#held.length);
    this.#held.length = 0;
    this.#vectorCount = 0;
    done(results);
  }

  /** Gives the context back; nothing may be submitted. */
  destroy(): void {
    call(NUMBERS!.destroy, this.#context, 0, 0, 0, 0);
  }
}

/** Writes in a batch at most. */
const BATCH_WRITES_MAX = 64;

/** Buffers of all the writes in a batch at most. */
export const BATCH_VECTORS_MAX = 1024;

/** The result of a write that the kernel did not take: no errno, no length. */
export const NOT_SUBMITTED = -0x8000_0000;

/** struct iocb and struct io_event, in words of 32 bits (linux/aio_abi.h). */
const BLOCK_WORDS = 16;
const EVENT_WORDS = 8;
/** IOCB_CMD_PWRITEV. */
const PWRITEV = 8;
const TWO_TO_32 = 0x1_0000_0000;

interface CallNumbers {
  readonly setup: number;
  readonly destroy: number;
  readonly getEvents: number;
  readonly submit: number;
}

const NUMBERS: CallNumbers | undefined = new Map<string, CallNumbers>([
  ['x64', { setup: 206, destroy: 207, getEvents: 208, submit: 209 }],
  ['arm64', { setup: 0, destroy: 1, getEvents: 4, submit: 2 }],
]).get(arch);

type SystemCall = ((...values: number[]) => number) & {
  async(...values: [...number[], (error: Error | null, result: number) => void]): void;
};

const call = koffi
  .load(null)
  .func(
    'long syscall(long number, long a, long b, uintptr_t c, uintptr_t d, uintptr_t e)',
  ) as unknown as SystemCall;

function setU64(words: Uint32Array, at: number, value: number): void {
  words[at] = value;
  words[at + 1] = value / TWO_TO_32;
}
