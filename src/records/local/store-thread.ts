import { Worker } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { type Clock, sleep, type Timer } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import type { Random } from '../../base/random.ts';
import { errorText } from '../../base/system-reason.ts';
import type { ProcessIdentity } from '../../host/process-identity.ts';
import type { Log } from '../../log/log.ts';
import { LockHolderWatch } from './lock-holder.ts';
import type { RecordsStore } from './records-store.ts';
import type { StoreOperation, StoreReply, StoreRequest, StoreWorkerData } from './store-message.ts';

/*
 * How long a call has waited is counted in ticks of a timer, not read from the clock: while this
 * process is stopped nothing ticks, so its calls are not late when it continues.
 */
const TICK_MS = 100;
/** A call that is not done after this long ends `recordsUnavailable`. */
const CALL_TICKS_MAX = 100;
/** A call that waits longer than this has the holders of the store's locks checked. */
const HOLDER_CHECK_TICKS = 3;
/** How long closing waits for the thread before it is cut off. */
const CLOSE_TIME_MAX_MS = 5000;
/** Back-off after a busy answer: up to this, doubling from 1 ms. */
const BACKOFF_MAX_MS = 16;
/** Calls under way; more are refused. */
const CALLS_MAX = 1024;
/** Young generation of the thread's JavaScript heap: there is little for it to hold. */
const YOUNG_HEAP_MIB = 2;

assert(HOLDER_CHECK_TICKS < CALL_TICKS_MAX, 'the holder of a lock is checked before a call ends');

interface Wait {
  ticks: number;
}

interface Call {
  readonly wait: Wait;
  resolve(reply: StoreReply): void;
  reject(failure: Failure): void;
}

interface StoreThreadParts extends StoreWorkerData {
  readonly self: ProcessIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** `RecordsStore` behind its thread: asynchronous, patient with other processes, bounded. */
export class StoreThread {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #holderWatch: LockHolderWatch;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #calls = new Map<number, Call>();
  #nextId = 1;
  #timer: Timer | undefined;
  #opened = false;
  /** The reason why no call is accepted any longer. */
  #ended: Failure | undefined;

  constructor({ databasePath, isReader, self, clock, random, log }: StoreThreadParts) {
    const workerData: StoreWorkerData = { databasePath, isReader };
    this.#clock = clock;
    this.#random = random;
    this.#holderWatch = new LockHolderWatch(databasePath, self, log);
    // Compiled, this file and the thread's end in .js; run from source, in .ts.
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    this.#worker = new Worker(new URL(`./store-worker${extension}`, import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_HEAP_MIB },
    });
    this.#worker.on('message', (reply: StoreReply) => this.#onReply(reply));
    this.#worker.on('error', (error) => {
      log.write('records_thread_failed', { reason: errorText(error) });
      this.#end(new Failure('recordsUnavailable', `the records' thread failed: ${String(error)}`));
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#end(new Failure('recordsUnavailable', "the records' thread has ended"));
        resolve();
      });
    });
  }

  /** One operation of the store: done once, durable when it resolves. */
  async call<K extends StoreOperation>(
    operation: K,
    ...parameters: Parameters<RecordsStore[K]>
  ): Promise<ReturnType<RecordsStore[K]>> {
    const id = this.#nextId++;
    const wait: Wait = { ticks: 0 };
    for (let backoffMs = 1; ; backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS)) {
      const reply = await this.#ask({ id, operation, parameters }, wait);
      if (reply.status === 'done') {
        this.#opened = true;
        return reply.value as ReturnType<RecordsStore[K]>;
      }
      if (reply.status === 'failed') throw new Failure(reply.code, reply.message);
      await this.#backOff(id, wait, 1 + this.#random.below(backoffMs));
    }
  }

  /** Resolves when all calls in progress are done, or after `timeoutMs`. */
  async settle(timeoutMs: number): Promise<void> {
    const endMs = this.#clock.now() + timeoutMs;
    while (this.#calls.size > 0 && this.#clock.now() < endMs) await sleep(this.#clock, 1);
  }

  async close(): Promise<void> {
    this.#end(new Failure('recordsClosed', 'the records are closed'));
    this.#worker.postMessage('close');
    const timer = this.#clock.after(CLOSE_TIME_MAX_MS, () => void this.#worker.terminate());
    await this.#exited;
    timer.cancel();
  }

  #ask(request: StoreRequest, wait: Wait): Promise<StoreReply> {
    return new Promise((resolve, reject) => {
      if (!this.#register(request.id, { wait, resolve, reject })) return;
      this.#worker.postMessage(request);
    });
  }

  /** Waits, still counted among the calls, so that time-out and closing end the wait as well. */
  #backOff(id: number, wait: Wait, delayMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(delayMs, () => {
        this.#calls.delete(id);
        resolve();
      });
      this.#register(id, {
        wait,
        resolve: () => {},
        reject: (failure) => {
          timer.cancel();
          reject(failure);
        },
      });
    });
  }

  #register(id: number, call: Call): boolean {
    if (this.#ended !== undefined) {
      call.reject(this.#ended);
    } else if (this.#calls.size >= CALLS_MAX) {
      call.reject(new Failure('recordsUnavailable', `${CALLS_MAX} calls wait for the records`));
    } else {
      assert(!this.#calls.has(id), 'a call is under way once');
      this.#calls.set(id, call);
      assert(this.#calls.size <= CALLS_MAX, 'the calls under way are bounded');
      this.#timer ??= this.#clock.after(TICK_MS, () => this.#onTick());
      return true;
    }
    return false;
  }

  #onReply(reply: StoreReply): void {
    const call = this.#calls.get(reply.id);
    this.#calls.delete(reply.id);
    call?.resolve(reply);
  }

  #onTick(): void {
    this.#timer = undefined;
    let ticksMax = 0;
    for (const [id, { wait, reject }] of this.#calls) {
      wait.ticks += 1;
      ticksMax = Math.max(ticksMax, wait.ticks);
      if (wait.ticks < CALL_TICKS_MAX) continue;
      this.#calls.delete(id);
      const waitedMs = CALL_TICKS_MAX * TICK_MS;
      reject(new Failure('recordsUnavailable', `the records did not answer in ${waitedMs} ms`));
    }
    if (ticksMax >= HOLDER_CHECK_TICKS) this.#holderWatch.check(!this.#opened);
    else this.#holderWatch.reset();
    if (this.#calls.size === 0) return;
    this.#timer = this.#clock.after(TICK_MS, () => this.#onTick());
  }

  #end(failure: Failure): void {
    this.#ended ??= failure;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const call of this.#calls.values()) call.reject(this.#ended);
    this.#calls.clear();
  }
}
