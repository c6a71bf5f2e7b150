import { type Clock, sleep } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { decodeJsonRecord } from '../records/json-record.ts';
import type { RecordEntry, Records } from '../records/records.ts';
import { RETRY_MS } from './limits.ts';
import { encodeUnitRecord, type UnitRecord, unitRecordFormat } from './unit-record.ts';

const PREFIX = 'units/';

/** The key of the record of the disk with that uuid. */
function unitKey(uuid: string): string {
  return PREFIX + uuid;
}

/** A record as it stood in the store at some moment. */
export interface StoredUnit {
  /** What a compare-and-set expects; 0: there is no record. */
  readonly version: number;
  readonly record: UnitRecord;
}

/** `unknown`: the store did not answer, so the record is there or will be, or not. */
type ReplaceResult =
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

  /** Rejects when the store does not answer, or when the record cannot be understood. */
  async read(uuid: string): Promise<StoredUnit | undefined> {
    await this.#usable();
    return decode(await this.#options.records.get(unitKey(uuid)));
  }

  /** Rejects for every reason but a store that does not answer. */
  async replace(uuid: string, version: number, record: UnitRecord): Promise<ReplaceResult> {
    await this.#usable();
    try {
      const bytes = encodeUnitRecord(record);
      const { records } = this.#options;
      const result = await records.compareAndSet(unitKey(uuid), version, bytes);
      if (result.status === 'done') return result;
      return { status: 'conflict', stored: decode(result.current) };
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

export function isUnavailable(error: unknown): boolean {
  return error instanceof Failure && error.code === 'recordsUnavailable';
}

function decode(entry: RecordEntry | undefined): StoredUnit | undefined {
  if (entry === undefined) return undefined;
  return { version: entry.version, record: decodeJsonRecord(unitRecordFormat, entry.value) };
}
