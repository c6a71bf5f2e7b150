import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import type { ChannelWatches } from '../channel-watches.ts';
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
import type { MemberFolder } from './member-folder.ts';
import { MemberProcesses, memberOf } from './member-processes.ts';
import type { NameClaim } from './name-claim.ts';
import { notifyMember } from './notify-call.ts';
import type { Presence } from './presence.ts';
import type { ReserveKeeper } from './reserve-keeper.ts';
import type { StoreThread } from './store-thread.ts';

/** How long closing waits for calls under way. */
const CLOSE_WAIT_MAX_MS = 2000;

interface LocalRecordsParts {
  readonly claim: NameClaim;
  readonly store: StoreThread;
  readonly folder: MemberFolder;
  /** Undefined for a process that only reads: the others do not see it. */
  readonly place: MemberPlace | undefined;
  readonly watches: ChannelWatches;
  readonly clock: Clock;
}

/** The parts of a member that others see, and those that it maintains for all. */
export interface MemberPlace {
  readonly presence: Presence;
  readonly keeper: ReserveKeeper;
}

type Answer = NotifyResult['answers'][number];

/** The records of the processes of one host: made by `openLocalRecords`. */
export class LocalRecords extends CheckedRecords {
  readonly self: Member;
  readonly processes: MemberProcesses;
  readonly #parts: LocalRecordsParts;
  #closing: Promise<void> | undefined;

  constructor(parts: LocalRecordsParts) {
    super();
    this.#parts = parts;
    this.self = memberOf(parts.claim);
    const { claim, folder, clock } = parts;
    this.processes = new MemberProcesses({ claim, folder, clock, store: () => this.#store() });
  }

  protected async getValue(key: string): Promise<RecordEntry | undefined> {
    return await this.#store().call('get', key);
  }

  protected async changeValue(
    key: string,
    expected: number,
    value: Uint8Array | undefined,
  ): Promise<CompareAndSetResult> {
    this.#member();
    return await this.#store().call('compareAndSet', key, expected, value);
  }

  protected async listValues(prefix: string): Promise<readonly RecordEntry[]> {
    return await this.#store().call('list', prefix);
  }

  protected async changeFields(
    key: string,
    fields: FieldValues,
    guard: FieldGuard | undefined,
  ): Promise<boolean> {
    this.#member();
    return await this.#store().call('setFields', key, fields, guard);
  }

  protected async readFields(key: string): Promise<ReadonlyMap<string, Uint8Array>> {
    return await this.#store().call('getFields', key);
  }

  protected async send(
    channel: string,
    message: Uint8Array,
    timeoutMs: number,
  ): Promise<NotifyResult> {
    this.#store();
    const answers: Answer[] = [];
    const missing: Member[] = [];
    const own = this.#notifySelf(channel, message, timeoutMs, answers, missing);
    await Promise.all([own, this.#notifyOthers(channel, message, timeoutMs, answers, missing)]);
    // Copies: an answer that comes too late changes nothing in the caller's hands.
    return { answers: [...answers], missing: [...missing] };
  }

  protected async openWatch(channel: string, watcher: Watcher): Promise<Watch> {
    this.#store();
    const { presence } = this.#member();
    const { watches } = this.#parts;
    const remove = watches.add(channel, watcher);
    try {
      await presence.update();
    } catch (cause) {
      remove();
      throw new Failure(
        'recordsUnavailable',
        'cannot announce the watch to the other members',
        {},
        { cause },
      );
    }
    return {
      close: async () => {
        remove();
        // A channel still shown only makes others call in vain.
        await presence.update().catch(() => {});
      },
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { claim, store, place, watches } = this.#parts;
    watches.clear();
    await store.settle(CLOSE_WAIT_MAX_MS);
    await place?.presence.close();
    // The name of a process that has ended is free anyway.
    if (place !== undefined) await store.call('releaseName', claim.incarnation).catch(() => {});
    await store.close();
    // The last one to close gave the room of the write-ahead log back.
    await place?.keeper.close();
  }

  #member(): MemberPlace {
    const { place } = this.#parts;
    assert(place !== undefined, 'a process that only reads changes nothing');
    return place;
  }

  /** The store, for as long as it may be used. */
  #store(): StoreThread {
    if (this.#closing !== undefined) throw new Failure('recordsClosed', 'the records are closed');
    return this.#parts.store;
  }

  async #notifyOthers(
    channel: string,
    message: Uint8Array,
    timeoutMs: number,
    answers: Answer[],
    missing: Member[],
  ): Promise<void> {
    const { clock, folder } = this.#parts;
    const others = (await folder.living()).filter(
      ({ incarnation, channels }) =>
        incarnation !== this.self.incarnation && channels.includes(channel),
    );
    if (others.length === 0) return;
    // The folder as it is now: it may have been recreated since this member took its place.
    const handle = await folder.openHandle().catch(() => undefined);
    if (handle === undefined) {
      missing.push(...others.map(memberOf));
      return;
    }
    const calls = others.map(async (entry) => {
      const from = memberOf(entry);
      const onAnswer = (payload: Uint8Array): unknown => answers.push({ from, payload });
      const socketPath = folder.socketPath(handle, entry.incarnation);
      const call = { from: this.self, channel, message, timeoutMs, clock, onAnswer, socketPath };
      if (!(await notifyMember(call))) missing.push(from);
    });
    try {
      await Promise.all(calls);
    } finally {
      await handle.close();
    }
  }

  async #notifySelf(
    channel: string,
    message: Uint8Array,
    timeoutMs: number,
    answers: Answer[],
    missing: Member[],
  ): Promise<void> {
    const { clock, watches } = this.#parts;
    if (!watches.has(channel)) return;
    const complete = await new Promise<boolean>((resolve, reject) => {
      let open = true;
      const timer = clock.after(timeoutMs, () => {
        open = false;
        resolve(false);
      });
      const onAnswer = (payload: Uint8Array): void => {
        if (open) answers.push({ from: this.self, payload });
      };
      watches
        .call(channel, message, this.self, onAnswer)
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });
    if (!complete) missing.push(this.self);
  }
}
