import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import koffi from 'koffi';
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { addressOf } from '../../host/kernel.ts';
import { NOT_SUBMITTED } from './write-batch.ts';
import { WriteLease } from './write-lease.ts';
import type { WriteThreadData } from './write-ring.ts';
import { Claim, RING_ENTRIES, RING_VECTORS, ThreadState, Word, WriteRing } from './write-ring.ts';

/** Calls with the bytes written, a negated errno, or `NOT_SUBMITTED`: it goes another way. */
type Written = (result: number) => void;

/** The longest write that goes through the thread: longer ones are worth a visit to the pool. */
export const THREAD_WRITE_BYTES_MAX = 64 * 1024;
/** The event loop waits no longer than this for a lone write ... */
const LONE_WAIT_MS_MAX = 0.25;
/** ... and before that yields the processor to the thread this many times. */
const LONE_YIELDS = 4;
/** After a lone write took longer, the loop waits for none for this long. */
const DISTRUST_MS = 50;
/** A thread that got nothing done in this time is stuck in a write: the others go another way. */
const STUCK_MS = 5;
/**
 * Results taken right behind the submission of writes, in a row. Each may have the next write
 * submitted in a microtask, so sockets, timers and heartbeats must get the event loop in between.
 */
export const TAKEN_IN_ROW_MAX = 256;
/** A process that ends lets the thread end a write for this long. */
const EXIT_WAIT_MS_MAX = 1000;

const library = koffi.load(null);
const pipe2 = library.func('pipe2', 'int', ['uintptr_t', 'int']);
const exitNow = library.func('_exit', 'void', ['int']);
const getProcessor = library.func('sched_getcpu', 'int', []) as unknown as () => number;
const yieldProcessor = library.func('sched_yield', 'int', []) as unknown as () => number;
const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;

interface Waiting {
  readonly from: readonly Uint8Array[];
  readonly written: Written;
}

export interface WriteThreadOptions {
  readonly clock: Clock;
  /** Without it the thread may write at any time. */
  readonly lease?: WriteLease;
  /** The file that the thread runs. */
  readonly worker?: URL;
  /** The count that the first write gets. */
  readonly firstSequence?: number;
}

/**
 * Small positioned writes through one thread that a ring in shared memory feeds: no system call to
 * hand one over while the thread is busy, none to take its result. A write never waits for the
 * disk on the event loop; for a lone one, whose hand-over costs more than itself, the loop waits
 * a bounded moment instead of going round: at most half of its time, and not at all after one was
 * slow.
 */
export class WriteThread {
  readonly #ring = new WriteRing();
  readonly #clock: Clock;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  /** The end of the pipe that the thread writes to. */
  readonly #pipe: number;
  readonly #signals: Socket;
  readonly #waiting: (Waiting | undefined)[] = new Array(RING_ENTRIES);
  #submitted = 0;
  #taken = 0;
  #isScheduled = false;
  /** Results taken since the event loop last came round. */
  #takenInRow = 0;
  #isKept = false;
  #isWatched = false;
  /** The thread got nothing done between two looks. */
  #isStuck = false;
  #completedAtCheck = 0;
  #waitAgainMs = 0;
  #closed: Promise<void> | undefined;

  constructor(options: WriteThreadOptions) {
    const { clock, worker, firstSequence = 0, lease = new WriteLease() } = options;
    this.#clock = clock;
    this.#submitted = firstSequence | 0;
    this.#taken = this.#submitted;
    this.#ring.words.fill(this.#submitted, Word.submitted, Word.completed + 1);
    const ends = new Int32Array(2);
    const status = Number(pipe2(addressOf(ends.buffer), O_CLOEXEC | O_NONBLOCK));
    assert(status === 0, 'a pipe can be made');
    this.#pipe = ends[1]!;
    this.#signals = signalsFrom(ends[0]!, this.#takeInTurn);
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    const own = new URL(`./write-thread-worker${extension}`, import.meta.url);
    const data: WriteThreadData = {
      memory: this.#ring.memory,
      leaseMemory: lease.memory,
      pipe: this.#pipe,
    };
    this.#worker = new Worker(worker ?? own, {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 16 },
    });
    this.#worker.on('error', (error) => {
      throw error;
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => resolve());
    });
    this.#worker.unref();
    endAtExit.add(this.#endAtExit);
  }

  /**
   * Submits a write; false when it must take another way: too long, too many buffers, no room, or
   * the thread is stuck in a slow write.
   */
  write(
    descriptor: number,
    offset: number,
    from: readonly Uint8Array[],
    lengthBytes: number,
    written: Written,
  ): boolean {
    if (from.length > RING_VECTORS || lengthBytes > THREAD_WRITE_BYTES_MAX) return false;
    if (this.#outstanding >= RING_ENTRIES || this.#isStuck) return false;
    if (this.#closed !== undefined) return false;
    const { entries, claims } = this.#ring;
    const at = WriteRing.at(this.#submitted);
    entries[at] = descriptor + from.length * 0x100000;
    entries[at + 1] = offset;
    for (let i = 0; i < from.length; i++) {
      const view = from[i]!;
      entries[at + 2 + 2 * i] = addressOf(view.buffer) + view.byteOffset;
      entries[at + 3 + 2 * i] = view.length;
    }
    const index = WriteRing.index(this.#submitted);
    claims[index] = Claim.open;
    // Held until the result is taken: the thread reads where the addresses point.
    this.#waiting[index] = { from, written };
    this.#submitted = (this.#submitted + 1) | 0;
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      queueMicrotask(this.#afterInput);
    }
    return true;
  }

  /** Lets the thread end by itself; nothing may be on its way. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const isIdle = this.#waiting.every((waiting) => waiting === undefined);
    assert(isIdle, 'no write is on its way through a thread that is closed');
    this.#stop();
    this.#worker.ref();
    await this.#exited;
    // It may not have skipped the withdrawn entries yet.
    this.#taken = this.#submitted;
    Atomics.store(this.#ring.words, Word.completed, this.#submitted);
    endAtExit.delete(this.#endAtExit);
    this.#signals.destroy();
    closeSync(this.#pipe);
  }

  #stop(): void {
    const { words } = this.#ring;
    Atomics.store(words, Word.stop, 1);
    // The word on which the thread sleeps must change, because it may be just about to sleep.
    Atomics.store(words, Word.submitted, (this.#submitted + 1) | 0);
    Atomics.notify(words, Word.submitted);
  }

  /**
   * Ends the thread before the runtime cuts it off, which might be inside a call of the library
   * that makes system calls. False: it still hangs in a write.
   */
  readonly #endAtExit = (): boolean => {
    const { words } = this.#ring;
    this.#stop();
    if (Atomics.load(words, Word.state) !== ThreadState.running) return true;
    const { running } = ThreadState;
    return Atomics.wait(words, Word.state, running, EXIT_WAIT_MS_MAX) !== 'timed-out';
  };

  get #outstanding(): number {
    return (this.#submitted - this.#taken) | 0;
  }

  /** All that one read of a socket brought has been submitted. */
  readonly #afterInput = (): void => {
    this.#isScheduled = false;
    const { words } = this.#ring;
    words[Word.processor] = getProcessor() + 1;
    Atomics.store(words, Word.submitted, this.#submitted);
    if (Atomics.load(words, Word.asleep) === 1) Atomics.notify(words, Word.submitted);
    if (this.#outstanding === 1) this.#awaitLone();
    if (this.#takenInRow < TAKEN_IN_ROW_MAX) this.#take();
    else this.#clock.endOfTurn(this.#takeInTurn);
  };

  /** Called by the event loop, between whose turns the others get theirs. */
  readonly #takeInTurn = (): void => {
    this.#takenInRow = 0;
    this.#take();
  };

  #awaitLone(): void {
    const { words } = this.#ring;
    const startMs = this.#clock.now();
    if (startMs < this.#waitAgainMs) return;
    if (!this.#yieldFirst(startMs)) {
      Atomics.store(words, Word.waiting, 1);
      Atomics.store(words, Word.armed, 1);
      Atomics.wait(words, Word.completed, this.#taken, LONE_WAIT_MS_MAX);
      Atomics.store(words, Word.waiting, 0);
    }
    const endMs = this.#clock.now();
    const isDone = Atomics.load(words, Word.completed) === this.#submitted;
    this.#waitAgainMs = endMs + (isDone ? endMs - startMs : DISTRUST_MS);
  }

  /**
   * The thread is on this processor: it runs as soon as this one steps aside. So may others that
   * are waiting for the processor, which counts as time waited.
   */
  #yieldFirst(startMs: number): boolean {
    const { words } = this.#ring;
    for (let i = 0; i < LONE_YIELDS; i++) {
      yieldProcessor();
      if (Atomics.load(words, Word.completed) === this.#submitted) return true;
      if (this.#clock.now() - startMs > LONE_WAIT_MS_MAX) return true;
    }
    return false;
  }

  /** The process stays while a write is on its way, and need not when none is. */
  #keepAlive(isNeeded: boolean): void {
    if (isNeeded === this.#isKept) return;
    this.#isKept = isNeeded;
    if (isNeeded) this.#signals.ref();
    else this.#signals.unref();
  }

  /** Takes completed writes, and asks for a signal of the rest. */
  #take(): void {
    const { words, results } = this.#ring;
    for (;;) {
      const completed = Atomics.load(words, Word.completed);
      if (this.#taken !== completed) this.#isStuck = false;
      while (this.#taken !== completed) {
        const index = WriteRing.index(this.#taken);
        const waiting = this.#waiting[index];
        this.#waiting[index] = undefined;
        this.#taken = (this.#taken + 1) | 0;
        this.#takenInRow++;
        // None where the write was withdrawn.
        waiting?.written(results[index]!);
      }
      const isOutstanding = this.#outstanding > 0;
      this.#keepAlive(isOutstanding);
      if (!isOutstanding) return;
      this.#watch();
      Atomics.store(words, Word.armed, 1);
      // Takes writes that were completed before the thread could see the request.
      if (Atomics.load(words, Word.completed) === this.#taken) return;
    }
  }

  /** Has the thread looked at after a while, as long as a write is on its way. */
  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#completedAtCheck = Atomics.load(this.#ring.words, Word.completed);
    this.#clock.after(STUCK_MS, this.#check);
  }

  readonly #check = (): void => {
    this.#isWatched = false;
    const before = this.#completedAtCheck;
    // Takes writes that are done, but were to be signalled together with more.
    this.#takeInTurn();
    if (this.#outstanding === 0) return;
    if (Atomics.load(this.#ring.words, Word.completed) !== before) return;
    this.#isStuck = true;
    this.#withdraw();
  };

  /** Takes the writes back that the thread has not begun: they would wait with a slow one. */
  #withdraw(): void {
    const { claims } = this.#ring;
    for (let at = this.#taken; at !== this.#submitted; at = (at + 1) | 0) {
      const index = WriteRing.index(at);
      const claim = Atomics.compareExchange(claims, index, Claim.open, Claim.withdrawn);
      if (claim !== Claim.open) continue;
      const waiting = this.#waiting[index]!;
      this.#waiting[index] = undefined;
      waiting.written(NOT_SUBMITTED);
    }
  }
}

/** The readable end of the pipe: calls `signalled` for whatever comes. */
function signalsFrom(descriptor: number, signalled: () => void): Socket {
  const callback = (): boolean => {
    signalled();
    return true;
  };
  const onread = { buffer: new Uint8Array(64), callback };
  const options = { fd: descriptor, readable: true, writable: false, onread };
  const signals = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
  signals.unref();
  signals.resume();
  return signals;
}

/** Work at an ordinary end of the process; each returns whether its thread has ended. */
const endAtExit = new Set<() => boolean>();
process.on('exit', (code) => {
  const hasHung = [...endAtExit].map((end) => end()).includes(false);
  // The runtime would wait for the thread, and so for the disk, for ever.
  if (hasHung) exitNow(code);
});
