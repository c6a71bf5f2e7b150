import { Failure } from '../base/failure.ts';
import type {
  CompareAndSetResult,
  Member,
  NotifyResult,
  RecordEntry,
  Records,
  Watch,
} from './records.ts';

/**
 * The records of a store that does not exist yet, for commands that only read: there are none, and
 * a change rejects with `recordsUnsuitable`.
 */
export class EmptyRecords implements Records {
  readonly self: Member;

  constructor(self: Member) {
    this.self = self;
  }

  async get(): Promise<RecordEntry | undefined> {
    return undefined;
  }

  async list(): Promise<readonly RecordEntry[]> {
    return [];
  }

  async getFields(): Promise<ReadonlyMap<string, Uint8Array>> {
    return new Map();
  }

  async compareAndSet(): Promise<CompareAndSetResult> {
    throw absent();
  }

  async setFields(): Promise<boolean> {
    throw absent();
  }

  /** No other process has the store open. */
  async notify(): Promise<NotifyResult> {
    return { answers: [], missing: [] };
  }

  async watch(): Promise<Watch> {
    return { close: async () => {} };
  }

  async close(): Promise<void> {}
}

function absent(): Failure {
  return new Failure('recordsUnsuitable', 'the store does not exist yet');
}
