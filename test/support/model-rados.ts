// One RADOS pool as `RecordsPool` sees it, with the objects of the simulated cluster: watches,
// notifications; and what a test has go wrong: silence, a blocklisted client, a full pool, cut
// watches. Calls are answered without any time passing, so a test awaits them like any others.

import { applySteps, changes, errnoOfSteps, readSteps } from '../../sim/rados/object-operation.ts';
import { StoredObject } from '../../sim/rados/stored-object.ts';
import type { Clock } from '../../src/base/clock.ts';
import { cephFailure } from '../../src/ceph/ceph-failure.ts';
import { EDQUOT, ENOENT, ENOTCONN, EPERM, ESHUTDOWN, ETIMEDOUT } from '../../src/ceph/errno.ts';
import type { NotifyAnswers } from '../../src/ceph/notify-answers.ts';
import {
  nativeReadStep,
  nativeWriteStep,
  type ReadStep,
  readValue,
  type WriteStep,
} from '../../src/ceph/object-steps.ts';
import type { WatchListener, WatchOptions } from '../../src/ceph/rados-watch.ts';
import type { PoolRead, PoolWatch, RecordsPool } from '../../src/records/rados/records-pool.ts';

interface Notify {
  readonly waiting: Set<ModelWatch>;
  readonly answers: { gid: bigint; cookie: bigint; payload: Uint8Array }[];
  end(errno: number): void;
}

export class ModelRados {
  readonly clock: Clock;
  readonly objects = new Map<string, StoredObject<ModelWatch>>();
  readonly notifies = new Map<bigint, Notify>();
  /** Operations by object, for tests that count them. */
  readonly operations: string[] = [];
  /** Whether new objects end -EDQUOT; RADOS does not count what is in the omap of old ones. */
  full = false;
  #version = 0;
  #serial = 0n;
  #silent = false;
  #held: (() => void)[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  client(): ModelClient {
    return new ModelClient(this, this.nextSerial());
  }

  nextSerial(): bigint {
    this.#serial += 1n;
    return this.#serial;
  }

  nextVersion(): number {
    // Other objects of the placement group use the same counter, so versions of an object have
    // gaps.
    this.#version += 3;
    return this.#version;
  }

  get silent(): boolean {
    return this.#silent;
  }

  /** From now on nothing is answered; operations are executed when the silence ends. */
  fallSilent(): void {
    this.#silent = true;
  }

  speak(): void {
    this.#silent = false;
    for (const action of this.#held.splice(0)) action();
  }

  /** Resolves when an operation that is sent now arrives. */
  arrival(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#silent) this.#held.push(resolve);
      else setImmediate(resolve);
    });
  }
}

/** One client instance, and its handle of the pool. */
export class ModelClient implements RecordsPool {
  readonly rados: ModelRados;
  readonly gid: bigint;
  blocklisted = false;
  /** It has no capabilities any longer: its operations end -EPERM. */
  forbidden = false;
  /** Simulates a stopped process: nothing reaches its listeners. */
  #stopped: (() => void)[] | undefined;

  constructor(rados: ModelRados, gid: bigint) {
    this.rados = rados;
    this.gid = gid;
  }

  async operate(object: string, steps: readonly WriteStep[]): Promise<{ errno: number }> {
    await this.rados.arrival();
    this.rados.operations.push(object);
    const errno = this.#refusal ?? this.#apply(object, steps);
    await this.rados.arrival();
    return { errno };
  }

  async read(object: string, steps: readonly ReadStep[]): Promise<PoolRead> {
    await this.rados.arrival();
    this.rados.operations.push(object);
    const found = this.rados.objects.get(object);
    const errno = this.#refusal ?? (found === undefined ? ENOENT : 0);
    const native = errno < 0 ? [] : readSteps(found!, steps.map(nativeReadStep));
    const values = native.map((value, index) => readValue(steps[index]!, value));
    const version = found?.version ?? 0;
    await this.rados.arrival();
    return { errno, version, values };
  }

  async watch(
    object: string,
    listener: WatchListener,
    options: WatchOptions = {},
  ): Promise<PoolWatch> {
    await this.rados.arrival();
    const found = this.rados.objects.get(object);
    if (this.#refusal !== undefined || found === undefined) {
      throw cephFailure('rados_aio_watch', this.#refusal ?? ENOENT, object);
    }
    const watch = new ModelWatch(this, found.watches, listener, options);
    found.watches.add(watch);
    return watch;
  }

  async notify(object: string, message: Uint8Array, timeoutMs: number): Promise<NotifyAnswers> {
    await this.rados.arrival();
    const none = { answers: [], timeouts: [] };
    if (this.#refusal !== undefined) return { errno: this.#refusal, ...none };
    const found = this.rados.objects.get(object);
    if (found === undefined) return { errno: ENOENT, ...none };
    const id = this.rados.nextSerial();
    return await new Promise((resolve) => {
      // librados 16: whole seconds, the rest is cut off.
      const timeoutSeconds = Math.floor(timeoutMs / 1000);
      const timer = this.rados.clock.after(timeoutSeconds * 1000, () => notify.end(ETIMEDOUT));
      const notify: Notify = {
        waiting: new Set(found.watches),
        answers: [],
        end: (errno) => {
          timer.cancel();
          this.rados.notifies.delete(id);
          const timeouts = [...notify.waiting].map(({ gid, cookie }) => ({ gid, cookie }));
          resolve({ errno, answers: notify.answers, timeouts });
        },
      };
      this.rados.notifies.set(id, notify);
      for (const watch of notify.waiting) {
        watch.tell(() => watch.listener.onNotify(id, message.slice(), this.gid));
      }
      if (notify.waiting.size === 0) notify.end(0);
    });
  }

  /** The effect of a fence on it. */
  blocklist(): void {
    this.blocklisted = true;
    this.cutWatches();
  }

  /** Drops its watches, as the OSD does when it does not hear from it. */
  cutWatches(): void {
    for (const { watches } of this.rados.objects.values()) {
      for (const watch of [...watches]) if (watch.gid === this.gid) watch.cut();
    }
  }

  stop(): void {
    this.#stopped ??= [];
  }

  resume(): void {
    const held = this.#stopped ?? [];
    this.#stopped = undefined;
    for (const action of held) action();
  }

  /** In a later turn; if it is stopped, when it continues. */
  hear(action: () => void): void {
    setImmediate(() => (this.#stopped === undefined ? action() : this.#stopped.push(action)));
  }

  get #refusal(): number | undefined {
    if (this.blocklisted) return ESHUTDOWN;
    return this.forbidden ? EPERM : undefined;
  }

  #apply(name: string, steps: readonly WriteStep[]): number {
    const { rados } = this;
    const found = rados.objects.get(name);
    const native = steps.map(nativeWriteStep);
    const errno = errnoOfSteps(found, native);
    if (errno < 0 || !changes(native)) return errno;
    if (found === undefined && rados.full) return EDQUOT;
    const object = found ?? new StoredObject<ModelWatch>(name);
    rados.objects.set(name, object);
    object.version = rados.nextVersion();
    applySteps(object, native);
    return 0;
  }
}

class ModelWatch implements PoolWatch {
  readonly gid: bigint;
  readonly cookie: bigint;
  readonly listener: WatchListener;
  readonly timeoutSeconds: number | undefined;
  readonly #client: ModelClient;
  readonly #among: Set<ModelWatch>;
  #heardMs: number;
  #cut = false;
  #closed = false;

  constructor(
    client: ModelClient,
    among: Set<ModelWatch>,
    listener: WatchListener,
    { timeoutSeconds }: WatchOptions,
  ) {
    this.gid = client.gid;
    this.cookie = client.rados.nextSerial();
    this.listener = listener;
    this.timeoutSeconds = timeoutSeconds;
    this.#client = client;
    this.#among = among;
    this.#heardMs = client.rados.clock.now();
  }

  ageMs(): number {
    const { rados } = this.#client;
    if (this.#cut || this.#closed) return ENOTCONN;
    if (!rados.silent) this.#heardMs = rados.clock.now();
    return rados.clock.now() - this.#heardMs;
  }

  ack(notifyId: bigint, payload: Uint8Array): void {
    const notify = this.#client.rados.notifies.get(notifyId);
    if (this.#client.blocklisted || !notify?.waiting.delete(this)) return;
    notify.answers.push({ gid: this.gid, cookie: this.cookie, payload });
    if (notify.waiting.size === 0) notify.end(0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client.rados.arrival();
    this.#leave();
  }

  cut(): void {
    this.#cut = true;
    this.#leave();
    this.tell(() => this.listener.onError(ENOTCONN));
  }

  tell(action: () => void): void {
    this.#client.hear(() => {
      if (!this.#closed) action();
    });
  }

  #leave(): void {
    this.#among.delete(this);
    for (const notify of this.#client.rados.notifies.values()) {
      if (notify.waiting.delete(this) && notify.waiting.size === 0) notify.end(0);
    }
  }
}
