import { Failure } from '../../src/base/failure.ts';
import { ChannelWatches } from '../../src/records/channel-watches.ts';
import { CheckedRecords } from '../../src/records/checked-records.ts';
import { copyOf } from '../../src/records/record-arguments.ts';
import type {
  CompareAndSetResult,
  FieldGuard,
  FieldValues,
  Member,
  NotifyResult,
  RecordEntry,
  Watch,
  Watcher,
} from '../../src/records/records.ts';
import type { MemoryStore } from './memory-records-store.ts';
import type { MemoryMember, MemoryRecordsWorld } from './memory-records-world.ts';

/** One member's view of a `MemoryRecordsWorld`. */
export class MemoryRecords extends CheckedRecords {
  readonly self: Member;
  readonly #world: MemoryRecordsWorld;
  readonly #watches = new ChannelWatches();

  constructor(world: MemoryRecordsWorld, self: Member) {
    super();
    this.#world = world;
    this.self = self;
  }

  protected async getValue(key: string): Promise<RecordEntry | undefined> {
    return await this.#ask((store) => store.get(key));
  }

  protected async changeValue(
    key: string,
    expected: number,
    value: Uint8Array | undefined,
  ): Promise<CompareAndSetResult> {
    return await this.#ask((store) => store.compareAndSet(key, expected, value));
  }

  protected async listValues(prefix: string): Promise<readonly RecordEntry[]> {
    return await this.#ask((store) => store.list(prefix));
  }

  protected async changeFields(
    key: string,
    fields: FieldValues,
    guard: FieldGuard | undefined,
  ): Promise<boolean> {
    return await this.#ask((store) => store.setFields(key, fields, guard));
  }

  protected async readFields(key: string): Promise<ReadonlyMap<string, Uint8Array>> {
    return await this.#ask((store) => store.getFields(key));
  }

  protected async send(
    channel: string,
    message: Uint8Array,
    timeoutMs: number,
  ): Promise<NotifyResult> {
    this.#checkOpen();
    const answers: { from: Member; payload: Uint8Array }[] = [];
    const missing: Member[] = [];
    const watching = this.#world.openMembers().filter((other) => {
      return other.records.#watches.has(channel);
    });
    await Promise.all(
      watching.map(async ({ self: from, records }) => {
        const call = records.#deliver(channel, message, this.self, (payload) => {
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

  protected async openWatch(channel: string, watcher: Watcher): Promise<Watch> {
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

  /** One request: there, landing (which changes nothing if the member is fenced), and back. */
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
    // Each answer travels alone, so that a watcher that never answers does not delay others.
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
