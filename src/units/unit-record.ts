import { assert } from '../base/assert.ts';
import { isCount } from '../base/count.ts';
import { encodeJsonRecord, type JsonRecordFormat } from '../records/json-record.ts';
import type { Member } from '../records/records.ts';
import {
  decodeEvent,
  decodeState,
  type EventContent,
  encodeEvent,
  encodeState,
  type StateContent,
} from '../scsi/unit-codec.ts';
import type { SharedState, UnitEvent, UnitTransition } from '../scsi/unit-state.ts';
import { UNIT_RECORD_LENGTH_MAX } from './limits.ts';

/** What the gateways have agreed on about one logical unit: the record by the disk's uuid. */
export interface UnitRecord {
  /** The number of the last event; they are consecutive, and 0 is before the first. */
  readonly number: number;
  /** Every gateway enforces the events up to this one: the last, or the one before it. */
  readonly settled: number;
  /** As of the last event. */
  readonly state: SharedState;
  /** The last event; absent before the first. */
  readonly last?: LastEvent;
}

interface LastEvent {
  readonly event: UnitEvent;
  /** The incarnation that committed it. */
  readonly author: Member;
  /** Of the author's attempts: by it the author knows its own when an answer was lost. */
  readonly serial: number;
}

export function firstRecord(state: SharedState): UnitRecord {
  return { number: 0, settled: 0, state };
}

/** The record with one more event. The one before has been completed. */
export function withEvent(
  record: UnitRecord,
  { next, event }: UnitTransition,
  { author, serial }: Pick<LastEvent, 'author' | 'serial'>,
): UnitRecord {
  const { name, incarnation } = author;
  return {
    number: record.number + 1,
    settled: record.number,
    state: next,
    last: { event, author: { name, incarnation }, serial },
  };
}

export function settledRecord(record: UnitRecord): UnitRecord {
  return { ...record, settled: record.number };
}

export function isSettled({ number, settled }: UnitRecord): boolean {
  return number === settled;
}

interface RecordContent {
  readonly number: number;
  readonly settled: number;
  readonly state: StateContent;
  readonly last?: Omit<LastEvent, 'event'> & { readonly event: EventContent };
}

/** How a record of a logical unit is kept: JSON. */
export const unitRecordFormat: JsonRecordFormat<UnitRecord> = {
  kind: 'logical unit',
  formatVersion: 1,
  lengthMaxBytes: UNIT_RECORD_LENGTH_MAX,
  decode: (content) => {
    const { number, settled, state, last } = content as Partial<RecordContent>;
    if (!isCount(number) || !isCount(settled)) throw new Error('number or settled is not a count');
    if (settled > number || settled + 1 < number) throw new Error('settled is not beside number');
    if ((last === undefined) !== (number === 0)) throw new Error('the last event is not there');
    const decoded = { number, settled, state: decodeState(state) };
    return last === undefined ? decoded : { ...decoded, last: decodeLast(last) };
  },
};

export function encodeUnitRecord(record: UnitRecord): Uint8Array {
  const { number, settled, state, last } = record;
  assert(settled <= number && number <= settled + 1, 'one event is not settled at most');
  const content: RecordContent = {
    ...{ number, settled, state: encodeState(state) },
    ...(last === undefined ? {} : { last: { ...last, event: encodeEvent(last.event) } }),
  };
  // The format is that of the decoded record: what JSON says of it is written here.
  return encodeJsonRecord(unitRecordFormat as JsonRecordFormat<unknown>, content);
}

function decodeLast({ event, author, serial }: Partial<NonNullable<RecordContent['last']>>) {
  if (typeof author?.name !== 'string' || typeof author.incarnation !== 'string') {
    throw new Error('the author of the last event is not known');
  }
  if (!isCount(serial)) throw new Error('the serial of the last event is not a count');
  const { name, incarnation } = author;
  return { event: decodeEvent(event), author: { name, incarnation }, serial };
}
