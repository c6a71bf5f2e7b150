import { Failure } from '../../src/base/failure.ts';
import { ChannelWatches } from '../../src/records/channel-watches.ts';
import {
  checkFieldName,
  checkFields,
  checkKey,
  checkMessage,
  checkPrefix,
  checkValue,
  copyOf,
  copyOfFields,
  copyOfGuard,
} from '../../src/records/record-arguments.ts';
import type {
  CompareAndSetResult,
  FieldGuard,
  Member,
  NotifyResult,
  RecordEntry,
  Records,
  Watch,
  Watcher,
} from '../../src/records/records.ts';
import type { MemoryStore } from './memory-records-store.ts';
import type { MemoryMember, MemoryRecordsWorld } from './memory-records-world.ts';

/** One member's view of a `MemoryRecordsWorld`. */
export class MemoryRecords implements Records {
  readonly self: Member;
  readonly #world: MemoryRecordsWorld;
  readonly #watches = new ChannelWatches();

  constructor(world: MemoryRecordsWorld, self: Member) {
    this.#world = world;
    this.self = self;
  }

  async get(key: string): Promise<RecordEntry | undefined> {
    checkKey(key);
    return await this.#ask((store) => store.get(key));
  }

  async compareAndSet(
    key: string,
    expected: number,
    value: Uint8Array | undefined,
  ): Promise<CompareAndSetResult> {
    checkKey(key);
    if (value !== undefined) checkValue(value);
    const copy = value && copyOf(value);
    return await this.#ask((store) => store.compareAndSet(key, expected, copy));
  }

  async list(prefix: string): Promise<readonly RecordEntry[]> {
    checkPrefix(prefix);
    return await this.#ask((store) => store.list(prefix));
  }

  async setFields(
    key: string,
    fields: Readonly<Record<string, Uint8Array | undefined>>,
    guard?: FieldGuard,
  ): Promise<boolean> {
    checkKey(key);
    checkFields(fields);
    if (guard !== undefined) checkFieldName(guard.field);
    const copies = copyOfFields(fields);
    const held = copyOfGuard(guard);
    return await this.#ask((store) => store.setFields(key, copies, held));
  }

  async getFields(key: string): Promise<ReadonlyMap<string, Uint8Array>> {
    checkKey(key);
    return await this.#ask((store) => store.getFields(key));
  }

  async notify(channel: string, message: Uint8Array, timeoutMs: number): Promise<NotifyResult> {
    checkKey(channel);
    checkMessage(message);
    this.#checkOpen();
    const sent = copyOf(message);
    const answers: { from: Member; payload: Uint8Array }[] = [];
    const missing: Member[] = [];
    const watching = this.#world.openMembers().filter((other) => {
      return other.records.#watches.has(channel);
    });
    await Promise.all(
      watching.map(async ({ self: from, records }) => {
        const call = records.#deliver(channel, sent, this.self, (payload) => {
          if (open) answers.push({ from, payload: copyOf(payload) });
        });
        let open = true;
        const complete = await this.#within(call, timeoutMs);
        open = false;
        if (!complete) missing.push(from);
      }),
    );
    return { answers, missing };
  }

  async watch(channel: string, watcher: Watcher): Promise<Watch> {
    checkKey(channel);
    this.#checkOpen();
    const remove = this.#watches.add(channel, watcher);
    return {
      close: async () => remove(),
    };
  }

  async close(): Promise<void> {
    const member = this.#member();
    if (member.state === 'open') member.state = 'closed';
    this.#watches.clear();
  }

  loseWatches(): void {
    this.#watches.lose();
  }

  /** One request: there, landing (where a fenced member's changes nothing any more), and back. */
  async #ask<T>(request: (store: MemoryStore) => T): Promise<T> {
    this.#checkOpen();
    await this.#world.running(this.#member());
    if (!(await this.#world.travel())) throw lost();
    if (this.#member().state === 'fenced') this.#checkOpen();
    const result = request(this.#world.store);
    if (!(await this.#world.travel())) throw lost();
    await this.#world.running(this.#member());
    return result;
  }

  async #deliver(
    channel: string,
    message: Uint8Array,
    from: Member,
    onAnswer: (payload: Uint8Array) => void,
  ): Promise<boolean> {
    const arrived = await this.#world.travel();
    await this.#world.running(this.#member());
    if (!arrived || this.#member().state !== 'open') return false;
    // Each answer travels alone: one watcher that never answers holds up no other's.
    const ways: Promise<void>[] = [];
    const complete = await this.#watches.call(channel, message, from, (answer) => {
      ways.push(this.#answer(() => onAnswer(answer)));
    });
    const arrivals = await Promise.allSettled(ways);
    if (arrivals.some(({ status }) => status === 'rejected')) return false;
    await this.#world.running(this.#member());
    return complete;
  }

  async #answer(arrive: () => void): Promise<void> {
    await this.#world.running(this.#member());
    if (!(await this.#world.travel())) throw lost();
    arrive();
  }

  #within(call: Promise<boolean>, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const timer = this.#world.clock.after(timeoutMs, () => resolve(false));
      call.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #checkOpen(): void {
    const { state } = this.#member();
    if (state === 'fenced') throw new Failure('recordsFenced', `${this.self.name} was fenced`);
    if (state === 'closed') throw new Failure('recordsClosed', 'the records are closed');
  }

  #member(): MemoryMember {
    return this.#world.member(this.self);
  }
}

function lost(): Failure {
  return new Failure('recordsUnavailable', 'the store did not answer');
}
