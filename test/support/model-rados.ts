// A model of one RADOS pool as `RecordsPool` sees it: objects with an omap and a version, watches,
// notifications; and what goes wrong: silence, a blocklisted client, a full pool, cut watches.

import type { Clock } from '../../src/base/clock.ts';
import { cephFailure } from '../../src/ceph/ceph-failure.ts';
import {
  ECANCELED,
  EDQUOT,
  EEXIST,
  ENOENT,
  ENOTCONN,
  EOVERFLOW,
  EPERM,
  ERANGE,
  ESHUTDOWN,
  ETIMEDOUT,
} from '../../src/ceph/errno.ts';
import type { NotifyAnswers } from '../../src/ceph/notify-answers.ts';
import type { ReadStep, ReadValue, WriteStep } from '../../src/ceph/object-steps.ts';
import type { WatchListener, WatchOptions } from '../../src/ceph/rados-watch.ts';
import type { PoolRead, PoolWatch, RecordsPool } from '../../src/records/rados/records-pool.ts';

/** As osd_max_omap_entries_per_request bounds a page. */
const PAGE_MAX = 1024;

interface ModelObject {
  version: number;
  omap: Map<string, Uint8Array>;
  readonly watches: Set<ModelWatch>;
}

interface Notify {
  readonly waiting: Set<ModelWatch>;
  readonly answers: { gid: bigint; cookie: bigint; payload: Uint8Array }[];
  end(errno: number): void;
}

export class ModelRados {
  readonly clock: Clock;
  readonly objects = new Map<string, ModelObject>();
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
    // Other objects of a placement group count on, too: an object's versions have gaps.
    this.#version += 3;
    return this.#version;
  }

  get silent(): boolean {
    return this.#silent;
  }

  /** Nothing is answered from now on; what is asked is done when the silence ends. */
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
  /** It may not do anything any longer: what it does ends -EPERM. */
  forbidden = false;
  /** Stands for a process that is stopped: nothing reaches its listeners. */
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
    const values = errno < 0 ? [] : steps.map((step) => readOf(found!, step));
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

  /** What a fence does to it. */
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

  /** In a later turn, unless it is stopped: then when it goes on. */
  hear(action: () => void): void {
    setImmediate(() => (this.#stopped === undefined ? action() : this.#stopped.push(action)));
  }

  get #refusal(): number | undefined {
    if (this.blocklisted) return ESHUTDOWN;
    return this.forbidden ? EPERM : undefined;
  }

  #apply(object: string, steps: readonly WriteStep[]): number {
    const found = this.rados.objects.get(object);
    const next = { exists: found !== undefined, omap: new Map(found?.omap) };
    for (const step of steps) {
      const errno = applyStep(next, found?.version ?? 0, step, this.rados.full);
      if (errno < 0) return errno;
    }
    if (steps.every(({ step }) => step === 'omapCmp' || step === 'assertVersion')) return 0;
    const version = this.rados.nextVersion();
    if (found === undefined) {
      this.rados.objects.set(object, { version, omap: next.omap, watches: new Set() });
    } else {
      Object.assign(found, { version, omap: next.omap });
    }
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

function applyStep(
  next: { exists: boolean; omap: Map<string, Uint8Array> },
  version: number,
  step: WriteStep,
  full: boolean,
): number {
  switch (step.step) {
    case 'create':
      if (next.exists && step.exclusive) return EEXIST;
      next.exists = true;
      return full ? EDQUOT : 0;
    case 'assertVersion':
      if (!next.exists) return ENOENT;
      return step.version < version ? ERANGE : step.version > version ? EOVERFLOW : 0;
    case 'omapCmp': {
      if (!next.exists) return ENOENT;
      const stored = next.omap.get(step.key) ?? new Uint8Array(0);
      return Buffer.compare(stored, step.value) === 0 ? 0 : ECANCELED;
    }
    case 'omapSet':
      if (!next.exists && full) return EDQUOT;
      next.exists = true;
      for (const [key, value] of step.entries) next.omap.set(key, value.slice());
      return 0;
    case 'omapRemove':
      if (!next.exists) return ENOENT;
      for (const key of step.keys) next.omap.delete(key);
      return 0;
    default:
      throw new Error(`the model has no ${step.step}`);
  }
}

function readOf({ omap }: ModelObject, step: ReadStep): ReadValue {
  if (step.step === 'omapGetValuesByKeys') {
    const there = step.keys.filter((key) => omap.has(key));
    return { step: step.step, values: new Map(there.map((key) => [key, omap.get(key)!.slice()])) };
  }
  if (step.step !== 'omapGetValues') throw new Error(`the model has no ${step.step}`);
  const { startAfter = '', prefix = '', max } = step;
  const keys = [...omap.keys()].filter((key) => key.startsWith(prefix) && key > startAfter).sort();
  const page = keys.slice(0, Math.min(max, PAGE_MAX));
  const values = new Map(page.map((key) => [key, omap.get(key)!.slice()]));
  return { step: step.step, values, more: page.length < keys.length };
}
