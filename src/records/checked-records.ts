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
} from './record-arguments.ts';
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
} from './records.ts';

/**
 * The common first steps of all drivers: arguments are checked, and the bytes of a change or a
 * message are copied, so that the caller may reuse them. Drivers see only valid calls.
 */
export abstract class CheckedRecords implements Records {
  abstract readonly self: Member;
  abstract close(): Promise<void>;

  protected abstract getValue(key: string): Promise<RecordEntry | undefined>;
  protected abstract changeValue(
    key: string,
    expected: number,
    value: Uint8Array | undefined,
  ): Promise<CompareAndSetResult>;
  protected abstract listValues(prefix: string): Promise<readonly RecordEntry[]>;
  protected abstract changeFields(
    key: string,
    fields: FieldValues,
    guard: FieldGuard | undefined,
  ): Promise<boolean>;
  protected abstract readFields(key: string): Promise<ReadonlyMap<string, Uint8Array>>;
  protected abstract send(
    channel: string,
    message: Uint8Array,
    timeoutMs: number,
  ): Promise<NotifyResult>;
  protected abstract openWatch(channel: string, watcher: Watcher): Promise<Watch>;

  async get(key: string): Promise<RecordEntry | undefined> {
    checkKey(key);
    return await this.getValue(key);
  }

  async compareAndSet(
    key: string,
    expected: number,
    value: Uint8Array | undefined,
  ): Promise<CompareAndSetResult> {
    checkKey(key);
    if (value !== undefined) checkValue(value);
    return await this.changeValue(key, expected, value && copyOf(value));
  }

  async list(prefix: string): Promise<readonly RecordEntry[]> {
    checkPrefix(prefix);
    return await this.listValues(prefix);
  }

  async setFields(key: string, fields: FieldValues, guard?: FieldGuard): Promise<boolean> {
    checkKey(key);
    checkFields(fields);
    if (guard !== undefined) checkFieldName(guard.field);
    return await this.changeFields(key, copyOfFields(fields), copyOfGuard(guard));
  }

  async getFields(key: string): Promise<ReadonlyMap<string, Uint8Array>> {
    checkKey(key);
    return await this.readFields(key);
  }

  async notify(channel: string, message: Uint8Array, timeoutMs: number): Promise<NotifyResult> {
    checkKey(channel);
    checkMessage(message);
    return await this.send(channel, copyOf(message), timeoutMs);
  }

  async watch(channel: string, watcher: Watcher): Promise<Watch> {
    checkKey(channel);
    return await this.openWatch(channel, watcher);
  }
}
