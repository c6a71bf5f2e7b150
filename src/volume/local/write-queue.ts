import type { Clock } from '../../base/clock.ts';
import { ECANCELED } from '../../host/kernel.ts';
import { lengthOf } from '../scatter.ts';
import { NOT_SUBMITTED, WriteBatch } from './write-batch.ts';
import type { WriteLease } from './write-lease.ts';

/** Calls with the bytes written, a negated errno, or `NOT_SUBMITTED`. */
type Written = (result: number) => void;

interface QueuedWrite {
  readonly offset: number;
  readonly from: readonly Uint8Array[];
  readonly written: Written;
}

/**
 * The writes of one descriptor on their way into the thread pool. Writes of one turn of the event
 * loop go together; writes that arrive while all batches are out wait for the next one.
 */
export class WriteQueue {
  readonly #descriptor: number;
  readonly #clock: Clock;
  readonly #batches: WriteBatches;
  readonly #lease: WriteLease;
  #waiting: QueuedWrite[] = [];
  #isScheduled = false;
  #out = 0;

  constructor(descriptor: number, clock: Clock, batches: WriteBatches, lease: WriteLease) {
    this.#descriptor = descriptor;
    this.#clock = clock;
    this.#batches = batches;
    this.#lease = lease;
  }

  write(offset: number, from: readonly Uint8Array[], written: Written): void {
    this.#waiting.push({ offset, from, written });
    if (this.#isScheduled || this.#out >= BATCHES_PER_QUEUE) return;
    this.#isScheduled = true;
    this.#clock.endOfTurn(this.#submitAll);
  }

  readonly #submitAll = (): void => {
    this.#isScheduled = false;
    while (this.#waiting.length > 0 && this.#out < BATCHES_PER_QUEUE) {
      this.#out++;
      this.#batches.acquire(this.#submit);
    }
  };

  readonly #submit = (batch: WriteBatch | undefined): void => {
    const writes: QueuedWrite[] = [];
    let lengthBytes = 0;
    const isRefused = this.#lease.isOver;
    for (const write of this.#waiting) {
      if (lengthBytes >= BATCH_BYTES) break;
      if (!isRefused && batch?.add(this.#descriptor, write.offset, write.from) === false) break;
      lengthBytes += lengthOf(write.from);
      writes.push(write);
    }
    this.#waiting = this.#waiting.slice(writes.length);
    const done = (results?: Int32Array): void => {
      this.#out--;
      const ended = results?.slice();
      if (batch !== undefined) this.#batches.release(batch);
      writes.forEach(({ written }, i) => {
        written(isRefused ? -ECANCELED : (ended?.[i] ?? NOT_SUBMITTED));
      });
      this.#submitAll();
    };
    if (batch === undefined || isRefused || writes.length === 0) done();
    else batch.submit(done);
  };
}

/** The batches that the volumes of a store share. */
export class WriteBatches {
  readonly #free: WriteBatch[] = [];
  readonly #waiting: ((batch: WriteBatch | undefined) => void)[] = [];
  #made = 0;

  /** Calls with a batch as soon as one is free; undefined when the system has none. */
  acquire(taken: (batch: WriteBatch | undefined) => void): void {
    const free = this.#free.pop();
    if (free !== undefined) taken(free);
    else if (this.#made < BATCHES_MAX) taken(this.#make());
    else this.#waiting.push(taken);
  }

  release(batch: WriteBatch): void {
    const next = this.#waiting.shift();
    if (next !== undefined) next(batch);
    else this.#free.push(batch);
  }

  close(): void {
    for (const batch of this.#free.splice(0)) batch.destroy();
  }

  #make(): WriteBatch | undefined {
    const batch = WriteBatch.create();
    if (batch !== undefined) this.#made++;
    return batch;
  }
}

/** Batches of one volume in the thread pool at a time: a slow disk must leave it room. */
const BATCHES_PER_QUEUE = 2;

/** Batches of a store; each takes a thread of the pool while it runs. */
const BATCHES_MAX = 4;

/** A batch that has as much takes no further write: results come when all of it is written. */
const BATCH_BYTES = 512 * 1024;
