import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { errnoOf } from '../../ceph/ceph-failure.ts';
import { EEXIST, ENOENT } from '../../ceph/errno.ts';
import { type RadosCalls, unavailable } from './rados-calls.ts';
import type { PoolWatch, RecordsPool } from './records-pool.ts';

/** How long the OSD keeps the watch of a client that it does not hear from. */
export const WATCH_TIMEOUT_SECONDS = 10;
/** Notifications that came before the answer that the object is watched; more are dropped. */
const EARLY_MAX = 1024;

interface ChannelObjectParts {
  readonly pool: RecordsPool;
  readonly calls: RadosCalls;
  readonly clock: Clock;
  readonly name: string;
  /** Called when the object has come to be watched. */
  onWatched(): void;
  /** Answers a notification, by calling `acknowledge`, or not at all. */
  onNotify(message: Uint8Array, fromGid: bigint, acknowledge: (answer: Uint8Array) => void): void;
  /** The watch was cut, or the OSD has been silent for long enough that it may be. */
  onLost(): void;
}

/** One channel object, and this client's watch of it, of which there is one at the most. */
export class ChannelObject {
  readonly #parts: ChannelObjectParts;
  #watch: PoolWatch | undefined;
  /** In progress; also after its callers have given up, because it may still succeed. */
  #watching: Promise<void> | undefined;
  /** When the OSD last confirmed that it hears us. */
  #heardMs: number;
  #closed = false;

  constructor(parts: ChannelObjectParts) {
    this.#parts = parts;
    this.#heardMs = parts.clock.now();
  }

  get name(): string {
    return this.#parts.name;
  }

  /** Resolves when the object is watched. */
  async ensureWatched(): Promise<void> {
    const { calls } = this.#parts;
    calls.check();
    if (this.#watch !== undefined) return;
    this.#watching ??= this.#register().finally(() => {
      this.#watching = undefined;
    });
    await calls.bounded(this.#watching);
  }

  /** Milliseconds since the OSD last confirmed the watch, or anything while it is not watched. */
  silentMs(): number {
    const ageMs = this.#watch?.ageMs() ?? -1;
    if (ageMs >= 0) this.#heardMs = this.#parts.clock.now() - ageMs;
    return this.#parts.clock.now() - this.#heardMs;
  }

  /** Finds out whether the watch may have been dropped unheard; to be called now and then. */
  checkSilence(): void {
    if (this.#watch === undefined) return;
    if (this.silentMs() > WATCH_TIMEOUT_SECONDS * 1000) this.#lose();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const watch = this.#watch;
    this.#watch = undefined;
    await watch?.close();
  }

  async #register(): Promise<void> {
    const { pool, calls, name } = this.#parts;
    const registration = new Registration(this.#parts, () => {
      this.#heardMs = this.#parts.clock.now();
      if (this.#watch === registration.watch) this.#lose();
    });
    const options = { timeoutSeconds: WATCH_TIMEOUT_SECONDS };
    const watch = async (): Promise<PoolWatch> => await pool.watch(name, registration, options);
    try {
      const made = await watch().catch(async (error: unknown) => {
        if (errnoOf(error) !== ENOENT) throw error;
        await this.#create();
        return await watch();
      });
      if (this.#closed) {
        await made.close();
      } else {
        this.#watch = registration.begin(made);
        this.#heardMs = this.#parts.clock.now();
      }
    } catch (error) {
      const errno = errnoOf(error);
      throw errno === undefined ? error : calls.failure(errno, `watching ${name}`);
    }
    if (this.#watch === undefined) throw unavailable(`the watch of ${name} was cut at once`);
    this.#parts.onWatched();
  }

  async #create(): Promise<void> {
    const { pool, calls, name } = this.#parts;
    const { errno } = await pool.operate(name, [{ step: 'create', exclusive: true }]);
    if (errno < 0 && errno !== EEXIST) throw calls.failure(errno, `making ${name}`);
  }

  #lose(): void {
    const watch = this.#watch;
    this.#watch = undefined;
    // It does not end while the OSD is silent, and no caller needs its end.
    void watch?.close();
    this.#parts.onLost();
  }
}

/** The events of librados for one watch; they may begin before the answer that the watch exists. */
class Registration {
  readonly #parts: ChannelObjectParts;
  readonly #onCut: () => void;
  #early: (() => void)[] = [];
  #cut = false;
  watch: PoolWatch | undefined;

  constructor(parts: ChannelObjectParts, onCut: () => void) {
    this.#parts = parts;
    this.#onCut = onCut;
  }

  /** The watch, unless it was cut before it was reported. */
  begin(watch: PoolWatch): PoolWatch | undefined {
    if (this.#cut) {
      void watch.close();
      return undefined;
    }
    assert(this.watch === undefined, 'a watch begins once');
    this.watch = watch;
    for (const deliver of this.#early) deliver();
    this.#early = [];
    return watch;
  }

  onNotify(notifyId: bigint, message: Uint8Array, fromGid: bigint): void {
    const deliver = (): void => {
      this.#parts.onNotify(message, fromGid, (answer) => this.watch?.ack(notifyId, answer));
    };
    if (this.watch !== undefined) deliver();
    else if (this.#early.length < EARLY_MAX) this.#early.push(deliver);
    assert(this.#early.length <= EARLY_MAX, 'notifications that came early are bounded');
  }

  onError(): void {
    this.#cut = true;
    if (this.watch !== undefined) this.#onCut();
  }
}
