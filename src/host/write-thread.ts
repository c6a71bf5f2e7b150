import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import koffi from 'koffi';
import { assert } from '../base/assert.ts';
import { addressOf } from './kernel.ts';
import { RING_ENTRIES, RING_VECTORS, Word, WriteRing } from './write-ring.ts';

/** Calls with the bytes written, or a negated errno. */
export type Written = (result: number) => void;

/** The longest write that goes through the thread: longer ones are worth a visit to the pool. */
export const THREAD_WRITE_BYTES_MAX = 64 * 1024;
/** The event loop waits no longer than this for a lone write ... */
const LONE_WAIT_MS_MAX = 0.25;
/** ... and before that lets the thread go first so many times. */
const LONE_YIELDS = 4;
/** After a lone write took longer, the loop waits for none for this long. */
const DISTRUST_MS = 50;
/** A write that is not done after this long is stuck: others go another way meanwhile. */
const STUCK_MS = 2;

const library = koffi.load(null);
const pipe2 = library.func('pipe2', 'int', ['uintptr_t', 'int']);
const getProcessor = library.func('sched_getcpu', 'int', []) as unknown as () => number;
const yieldProcessor = library.func('sched_yield', 'int', []) as unknown as () => number;
const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;

interface Waiting {
  readonly from: readonly Uint8Array[];
  readonly written: Written;
}

/**
 * Small positioned writes through one thread that a ring in shared memory feeds: no system call to
 * hand one over while the thread is busy, none to take its result. A write never waits for the
 * disk on the event loop; for a lone one, whose hand-over costs more than itself, the loop waits
 * a bounded moment instead of going round, and not at all after one was slow.
 */
export class WriteThread {
  readonly #ring = new WriteRing();
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  /** The end of the pipe that the thread writes to. */
  readonly #pipe: number;
  readonly #signals: Socket;
  readonly #waiting: (Waiting | undefined)[] = new Array(RING_ENTRIES);
  readonly #now: () => number;
  #submitted = 0;
  #taken = 0;
  #scheduled = false;
  #isKept = false;
  #oldestMs = 0;
  #distrustUntilMs = 0;

  constructor(now: () => number) {
    this.#now = now;
    const ends = new Int32Array(2);
    const status = Number(pipe2(addressOf(ends.buffer), O_CLOEXEC | O_NONBLOCK));
    assert(status === 0, 'a pipe can be made');
    this.#pipe = ends[1]!;
    this.#signals = new Socket({
      fd: ends[0]!,
      readable: true,
      writable: false,
      onread: {
        buffer: new Uint8Array(64),
        callback: () => {
          this.#take();
          return true;
        },
      },
    } as unknown as ConstructorParameters<typeof Socket>[0]);
    this.#signals.unref();
    this.#signals.resume();
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    this.#worker = new Worker(new URL(`./write-thread-worker${extension}`, import.meta.url), {
      workerData: { memory: this.#ring.memory, pipe: this.#pipe },
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 16 },
    });
    this.#worker.on('error', (error) => {
      throw error;
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => resolve());
    });
    this.#worker.unref();
  }

  /**
   * Hands a write over; false when it must go another way: too long, too many buffers, no room, or
   * the thread is stuck in a slow write.
   */
  write(
    descriptor: number,
    offset: number,
    from: readonly Uint8Array[],
    lengthBytes: number,
    written: Written,
  ): boolean {
    const outstanding = this.#submitted - this.#taken;
    if (from.length > RING_VECTORS || lengthBytes > THREAD_WRITE_BYTES_MAX) return false;
    if (outstanding >= RING_ENTRIES) return false;
    if (outstanding === 0) this.#oldestMs = this.#now();
    else if (this.#isStuck()) return false;
    const { entries } = this.#ring;
    const at = WriteRing.at(this.#submitted);
    entries[at] = descriptor + from.length * 0x100000;
    entries[at + 1] = offset;
    for (let i = 0; i < from.length; i++) {
      const view = from[i]!;
      entries[at + 2 + 2 * i] = addressOf(view.buffer) + view.byteOffset;
      entries[at + 3 + 2 * i] = view.length;
    }
    // Held until the result is taken: the thread reads where the addresses point.
    this.#waiting[this.#submitted & (RING_ENTRIES - 1)] = { from, written };
    this.#submitted = (this.#submitted + 1) | 0;
    if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(this.#afterInput);
    }
    return true;
  }

  /** Lets the thread end by itself: cut off in a system call it would take the process along. */
  async close(): Promise<void> {
    Atomics.store(this.#ring.words, Word.stop, 1);
    this.#submitted = (this.#submitted + 1) | 0;
    this.#publish();
    this.#worker.ref();
    await this.#exited;
    this.#signals.destroy();
    closeSync(this.#pipe);
  }

  /** All that one read of a socket brought has been submitted. */
  readonly #afterInput = (): void => {
    this.#scheduled = false;
    this.#publish();
    if (this.#submitted - this.#taken === 1) this.#awaitLone();
    this.#take();
  };

  /** Shows the thread all that was submitted, and wakes it once for all. */
  #publish(): void {
    const { words } = this.#ring;
    words[Word.processor] = getProcessor() + 1;
    Atomics.store(words, Word.submitted, this.#submitted);
    if (Atomics.load(words, Word.asleep) === 1) Atomics.notify(words, Word.submitted);
  }

  #isStuck(): boolean {
    if (this.#ring.words[Word.completed] !== this.#taken) return false;
    return this.#now() - this.#oldestMs > STUCK_MS;
  }

  #awaitLone(): void {
    const { words } = this.#ring;
    // The thread is on this processor: it runs as soon as this one steps aside.
    for (let i = 0; i < LONE_YIELDS; i++) {
      yieldProcessor();
      if (Atomics.load(words, Word.completed) === this.#submitted) return;
    }
    const now = this.#now();
    if (now < this.#distrustUntilMs) return;
    Atomics.store(words, Word.waiting, 1);
    Atomics.store(words, Word.armed, 1);
    Atomics.wait(words, Word.completed, this.#taken, LONE_WAIT_MS_MAX);
    Atomics.store(words, Word.waiting, 0);
    if (Atomics.load(words, Word.completed) !== this.#submitted) {
      this.#distrustUntilMs = now + DISTRUST_MS;
    }
  }

  /** The process stays while a write is on its way, and need not when none is. */
  #keepAlive(isNeeded: boolean): void {
    if (isNeeded === this.#isKept) return;
    this.#isKept = isNeeded;
    if (isNeeded) this.#signals.ref();
    else this.#signals.unref();
  }

  /** Takes what is done, and asks to be told of the rest. */
  #take(): void {
    const { words, results } = this.#ring;
    for (;;) {
      const completed = Atomics.load(words, Word.completed);
      while (this.#taken !== completed) {
        const index = this.#taken & (RING_ENTRIES - 1);
        const { written } = this.#waiting[index]!;
        this.#waiting[index] = undefined;
        const result = results[index]!;
        this.#taken = (this.#taken + 1) | 0;
        written(result);
      }
      this.#oldestMs = this.#now();
      this.#keepAlive(this.#taken !== this.#submitted);
      if (this.#taken === this.#submitted) return;
      Atomics.store(words, Word.armed, 1);
      // What was completed before the thread could see that is taken now.
      if (Atomics.load(words, Word.completed) === this.#taken) return;
    }
  }
}
