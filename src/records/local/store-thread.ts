import { Worker } from 'node:worker_threads';
import { type Clock, sleep, type Timer } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { ProcessIdentity } from '../../host/process-identity.ts';
import { LockHolderPatrol } from './lock-holder.ts';
import type { RecordsStore } from './records-store.ts';
import type { StoreOperation, StoreReply, StoreRequest } from './store-message.ts';

/** A call that is not done after this long ends `recordsUnavailable`. */
const CALL_TIME_MAX_MS = 10_000;
/** Back-off after a busy answer: up to this, doubling from 1 ms. */
const BACKOFF_MAX_MS = 16;
/** A call that waits longer than this has the holders of the store's locks looked at. */
const PATROL_AFTER_MS = 300;
const PATROL_INTERVAL_MS = 100;
/** Calls under way; more are refused. */
const CALLS_MAX = 4096;

interface Call {
  readonly startedAtMs: number;
  resolve(reply: StoreReply): void;
  reject(failure: Failure): void;
}

export interface StoreThreadParts {
  readonly databasePath: string;
  readonly self: ProcessIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** `RecordsStore` behind its thread: asynchronous, patient with other processes, bounded. */
export class StoreThread {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #patrol: LockHolderPatrol;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #calls = new Map<number, Call>();
  #nextId = 1;
  #timer: Timer | undefined;
  #opened = false;
  /** Why no call is taken any more. */
  #ended: Failure | undefined;

  constructor({ databasePath, self, clock, random, log }: StoreThreadParts) {
    this.#clock = clock;
    this.#random = random;
    this.#patrol = new LockHolderPatrol(databasePath, self, log);
    // Compiled, this file and the thread's end in .js; run from source, in .ts.
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    this.#worker = new Worker(new URL(`./store-worker${extension}`, import.meta.url), {
      workerData: databasePath,
    });
    this.#worker.on('message', (reply: StoreReply) => this.#onReply(reply));
    this.#worker.on('error', (error) => {
      log.error('the thread of the records failed', { reason: String(error) });
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
    const startedAtMs = this.#clock.now();
    for (let backoffMs = 1; ; backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS)) {
      const reply = await this.#ask({ id, operation, parameters }, startedAtMs);
      if (reply.status === 'done') {
        this.#opened = true;
        return reply.value as ReturnType<RecordsStore[K]>;
      }
      if (reply.status === 'failed') throw new Failure(reply.code, reply.message);
      await this.#backOff(id, startedAtMs, 1 + this.#random.below(backoffMs));
    }
  }

  /** Resolves when what is under way is done, or after `timeoutMs`. */
  async settle(timeoutMs: number): Promise<void> {
    const endMs = this.#clock.now() + timeoutMs;
    while (this.#calls.size > 0 && this.#clock.now() < endMs) await sleep(this.#clock, 1);
  }

  async close(): Promise<void> {
    this.#end(new Failure('recordsClosed', 'the records are closed'));
    this.#worker.postMessage('close');
    const timer = this.#clock.after(CALL_TIME_MAX_MS, () => void this.#worker.terminate());
    await this.#exited;
    timer.cancel();
  }

  #ask(request: StoreRequest, startedAtMs: number): Promise<StoreReply> {
    return new Promise((resolve, reject) => {
      if (!this.#register(request.id, { startedAtMs, resolve, reject })) return;
      this.#worker.postMessage(request);
    });
  }

  /** Waits, still counted among the calls, so that time-out and closing end the wait as well. */
  #backOff(id: number, startedAtMs: number, delayMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(delayMs, () => {
        this.#calls.delete(id);
        resolve();
      });
      this.#register(id, {
        startedAtMs,
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
      this.#calls.set(id, call);
      this.#timer ??= this.#clock.after(PATROL_AFTER_MS, () => this.#onTimer());
      return true;
    }
    return false;
  }

  #onReply(reply: StoreReply): void {
    const call = this.#calls.get(reply.id);
    this.#calls.delete(reply.id);
    call?.resolve(reply);
  }

  #onTimer(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    let oldestMs = 0;
    for (const [id, call] of this.#calls) {
      const ageMs = nowMs - call.startedAtMs;
      oldestMs = Math.max(oldestMs, ageMs);
      if (ageMs < CALL_TIME_MAX_MS) continue;
      this.#calls.delete(id);
      call.reject(
        new Failure('recordsUnavailable', `the records did not answer in ${CALL_TIME_MAX_MS} ms`),
      );
    }
    if (oldestMs >= PATROL_AFTER_MS) this.#patrol.look(nowMs, !this.#opened);
    else this.#patrol.rest();
    if (this.#calls.size === 0) return;
    this.#timer = this.#clock.after(PATROL_INTERVAL_MS, () => this.#onTimer());
  }

  #end(failure: Failure): void {
    this.#ended ??= failure;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const call of this.#calls.values()) call.reject(this.#ended);
    this.#calls.clear();
  }
}
