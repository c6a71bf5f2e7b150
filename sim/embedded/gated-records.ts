import type {
  CompareAndSetResult,
  FieldGuard,
  FieldValues,
  Member,
  NotifyResult,
  RecordEntry,
  Records,
  Watch,
  Watcher,
} from '../../src/records/records.ts';
import { InputSource, type SimProcess } from '../time/sim-process.ts';

/** The records of one process: answers and messages go through its gate. */
export class GatedRecords implements Records {
  readonly self: Member;
  readonly #inner: Records;
  readonly #process: SimProcess;
  readonly #inputs = new InputSource();

  constructor(inner: Records, process: SimProcess) {
    this.self = inner.self;
    this.#inner = inner;
    this.#process = process;
  }

  get(key: string): Promise<RecordEntry | undefined> {
    return this.#gated(this.#inner.get(key));
  }

  compareAndSet(
    key: string,
    expected: number,
    value: Uint8Array | undefined,
  ): Promise<CompareAndSetResult> {
    return this.#gated(this.#inner.compareAndSet(key, expected, value));
  }

  list(prefix: string): Promise<readonly RecordEntry[]> {
    return this.#gated(this.#inner.list(prefix));
  }

  setFields(key: string, fields: FieldValues, guard?: FieldGuard): Promise<boolean> {
    return this.#gated(this.#inner.setFields(key, fields, guard));
  }

  getFields(key: string): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#gated(this.#inner.getFields(key));
  }

  notify(channel: string, message: Uint8Array, timeoutMs: number): Promise<NotifyResult> {
    return this.#gated(this.#inner.notify(channel, message, timeoutMs));
  }

  watch(channel: string, watcher: Watcher): Promise<Watch> {
    const gated: Watcher = {
      onNotify: (message, from) => {
        return new Promise((resolve, reject) => {
          this.#process.deliver(this.#inputs, () => {
            // A watcher that throws gives no answer.
            Promise.resolve(watcher.onNotify(message, from)).then(resolve, reject);
          });
        });
      },
      onLost: () => this.#process.deliver(this.#inputs, () => watcher.onLost()),
    };
    return this.#gated(this.#inner.watch(channel, gated));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #gated<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      answer.then(
        (value) => this.#process.deliver(this.#inputs, () => resolve(value)),
        (error: unknown) => this.#process.deliver(this.#inputs, () => reject(error)),
      );
    });
  }
}
