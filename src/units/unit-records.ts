import { type Clock, sleep } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { RecordEntry, Records } from '../records/records.ts';
import { RETRY_MS } from './limits.ts';
import { decodeUnitRecord, encodeUnitRecord, type UnitRecord } from './unit-record.ts';

const PREFIX = 'units/';

/** The key of the record of the disk with that uuid. */
function unitKey(uuid: string): string {
  return PREFIX + uuid;
}

/** A record as it was in the store at some moment. */
export interface StoredUnit {
  /** What a compare-and-set expects; 0: there is no record. */
  readonly version: number;
  readonly record: UnitRecord;
}

/** `unknown`: the store did not answer, so the record may be there now, later, or never. */
export type ReplaceResult =
  | { readonly status: 'done'; readonly version: number }
  | { readonly status: 'conflict'; readonly stored: StoredUnit | undefined }
  | { readonly status: 'unknown' };

interface UnitRecordsOptions {
  readonly records: Pick<Records, 'get' | 'compareAndSet'>;
  /** False while this gateway holds for a barrier: it neither reads nor changes records then. */
  readonly mayUse: () => boolean;
  readonly clock: Clock;
}

/** The records of logical units in the store. */
export class UnitRecords {
  readonly #options: UnitRecordsOptions;

  constructor(options: UnitRecordsOptions) {
    this.#options = options;
  }

  /**
   * Rejects when the store does not answer, or when the record cannot be understood. `known` spares
   * the decoding of what has not changed since.
   */
  async read(uuid: string, known?: StoredUnit): Promise<StoredUnit | undefined> {
    await this.#usable();
    return decode(await this.#options.records.get(unitKey(uuid)), known);
  }

  /**
   * Deletes the record if it is that version and cannot be read; resolves whether it did. For a
   * unit that nobody holds: none can be loaded from such a record.
   */
  async deleteUnreadable(uuid: string, version: number): Promise<boolean> {
    await this.#usable();
    const { records } = this.#options;
    const result = await records.compareAndSet(unitKey(uuid), version, undefined);
    return result.status === 'done';
  }

  /**
   * Replaces the record if it is still `before`; undefined: there was none. Rejects for every
   * reason but a store that does not answer.
   */
  async replace(
    uuid: string,
    before: StoredUnit | undefined,
    record: UnitRecord,
  ): Promise<ReplaceResult> {
    await this.#usable();
    try {
      const bytes = encodeUnitRecord(record);
      const { records } = this.#options;
      const result = await records.compareAndSet(unitKey(uuid), before?.version ?? 0, bytes);
      if (result.status === 'done') return result;
      return { status: 'conflict', stored: decode(result.current, before) };
    } catch (error) {
      if (isUnavailable(error)) return { status: 'unknown' };
      throw error;
    }
  }

  async #usable(): Promise<void> {
    const { mayUse, clock } = this.#options;
    while (!mayUse()) await sleep(clock, RETRY_MS);
  }
}

/** Removes the record of a disk that is deleted: no gateway serves it. */
export async function removeUnitRecord(
  records: Pick<Records, 'get' | 'compareAndSet'>,
  uuid: string,
): Promise<void> {
  for (;;) {
    const entry = await records.get(unitKey(uuid));
    if (entry === undefined) return;
    const result = await records.compareAndSet(entry.key, entry.version, undefined);
    if (result.status === 'done') return;
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof Failure && error.code === 'recordsUnavailable';
}

/** Throws a `Failure` that names the record and the remedy. */
function decode(
  entry: RecordEntry | undefined,
  known: StoredUnit | undefined,
): StoredUnit | undefined {
  if (entry === undefined) return undefined;
  const { version, value } = entry;
  if (version === known?.version) return known;
  try {
    return { version, record: decodeUnitRecord(value, known?.record) };
  } catch (cause) {
    throw cause instanceof Failure ? unreadable(cause, entry) : cause;
  }
}

/** A later release can use the record that it wrote; no other unreadable record is of use. */
function unreadable(cause: Failure, { key, version }: RecordEntry): Failure {
  const what = `${cause.message} (the record ${key} of the store)`;
  const data = { record: key, version };
  if (cause.code === 'recordFormatUnknown') {
    const text = `${what}; serve it by the release that wrote it, or a later one`;
    return new Failure('recordFormatUnknown', text, data, { cause });
  }
  const text = `${what}; "allpath disk forget-state" makes a new one, without the reservations`;
  return new Failure('unitRecordUnreadable', text, data, { cause });
}
