import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { ChannelWatches } from '../channel-watches.ts';
import { CheckedRecords } from '../checked-records.ts';
import type {
  CompareAndSetResult,
  FieldGuard,
  FieldValues,
  Member,
  NotifyResult,
  RecordEntry,
  Watch,
  Watcher,
} from '../records.ts';
import { FieldObjects } from './field-objects.ts';
import { RadosCalls } from './rados-calls.ts';
import { RadosChannels } from './rados-channels.ts';
import type { RecordsPool } from './records-pool.ts';
import { ValueList } from './value-list.ts';
import { ValueObjects } from './value-objects.ts';

export interface RadosRecordsParts {
  /** A handle of the records' own, which the owner closes after the records. */
  readonly pool: RecordsPool;
  /** The namespace of the pool that the handle is for; empty: the default one. */
  readonly namespace: string;
  readonly self: Member;
  readonly clock: Clock;
}

/**
 * Records in the pool and namespace of the images, in objects named `allpath.*`; opened by
 * `openRadosRecords`. Why it is laid out so: `docs/decisions/0003-records-on-rados.md`.
 *
 * - A value is two entries in the omap of one of `VALUE_OBJECTS` objects, by the hash of its key: a
 *   change compares the version and sets both in one operation. A list reads all those objects
 *   until it finds that none has changed meanwhile.
 * - A map of fields is the omap of an object of its own.
 * - A channel is one of `CHANNEL_OBJECTS` objects, by the hash of its name.
 *
 * Membership and fences are decided elsewhere; once its client is blocklisted, every call ends
 * `recordsFenced`.
 */
export class RadosRecords extends CheckedRecords {
  readonly self: Member;
  readonly #pool: RecordsPool;
  readonly #calls: RadosCalls;
  readonly #values: ValueObjects;
  readonly #fields: FieldObjects;
  readonly #channels: RadosChannels;
  readonly #watches = new ChannelWatches();
  #closing: Promise<void> | undefined;

  constructor({ pool, namespace, self, clock }: RadosRecordsParts) {
    super();
    this.self = self;
    this.#pool = pool;
    const calls = new RadosCalls(clock, () => this.#watches.lose());
    this.#calls = calls;
    this.#values = new ValueObjects(pool, calls, self.incarnation);
    this.#fields = new FieldObjects(pool, calls);
    const watches = this.#watches;
    this.#channels = new RadosChannels({ pool, namespace, calls, clock, self, watches });
  }

  protected async getValue(key: string): Promise<RecordEntry | undefined> {
    this.#check();
    return await this.#values.get(key);
  }

  protected async changeValue(
    key: string,
    expected: number,
    value: Uint8Array | undefined,
  ): Promise<CompareAndSetResult> {
    this.#check();
    return await this.#values.compareAndSet({ key, expected, value });
  }

  protected async listValues(prefix: string): Promise<readonly RecordEntry[]> {
    this.#check();
    return await new ValueList(this.#pool, this.#calls, prefix).read();
  }

  protected async changeFields(
    key: string,
    fields: FieldValues,
    guard: FieldGuard | undefined,
  ): Promise<boolean> {
    this.#check();
    return await this.#fields.set(key, fields, guard);
  }

  protected async readFields(key: string): Promise<ReadonlyMap<string, Uint8Array>> {
    this.#check();
    return await this.#fields.get(key);
  }

  protected async send(
    channel: string,
    message: Uint8Array,
    timeoutMs: number,
  ): Promise<NotifyResult> {
    this.#check();
    return await this.#channels.notify(channel, message, timeoutMs);
  }

  protected async openWatch(channel: string, watcher: Watcher): Promise<Watch> {
    this.#check();
    return await this.#channels.watch(channel, watcher);
  }

  /** Keeps watching all channel objects, so that they are witnesses of the cluster. */
  watchCluster(): void {
    if (this.#closing === undefined) this.#channels.watchAll();
  }

  /**
   * Of each witness (an object that this gateway watches, each in another placement group if the
   * pool has as many) the time since its last sign of life. Only after `watchCluster`.
   */
  witnessAgesMs(): readonly number[] {
    return this.#channels.silencesMs();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watches.clear();
    await this.#calls.settle();
    this.#calls.end(new Failure('recordsClosed', 'the records are closed'));
    // A silent cluster lets nothing go; it drops the watches in time by itself.
    await this.#calls.bounded(this.#channels.close()).catch(() => {});
  }

  /** Throws when calls are no longer allowed. */
  #check(): void {
    if (this.#closing !== undefined) throw new Failure('recordsClosed', 'the records are closed');
    this.#calls.check();
  }
}
