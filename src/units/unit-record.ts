import { assert } from '../base/assert.ts';
import { isCount } from '../base/count.ts';
import {
  decodeJsonRecord,
  encodeJsonRecord,
  type JsonRecordFormat,
} from '../records/json-record.ts';
import type { Member } from '../records/records.ts';
import {
  decodeEvent,
  decodeState,
  decodeStateAfter,
  type EventContent,
  encodeEvent,
  encodeState,
  encodeStateAfter,
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
  /** Number of the author's attempt, which recognises it when an answer was lost. */
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
  readonly state: object;
  readonly last?: Omit<LastEvent, 'event'> & { readonly event: EventContent };
}

/** How a record of a logical unit is stored and sent: JSON. */
const format = {
  kind: 'logical unit',
  formatVersion: 1,
  lengthMaxBytes: UNIT_RECORD_LENGTH_MAX,
} satisfies Omit<JsonRecordFormat<unknown>, 'decode'>;

export function encodeUnitRecord(record: UnitRecord): Uint8Array {
  return encode(record, encodeState(record.state));
}

/**
 * `known`: a record that may have the same reservations, which then need no decoding. The whole
 * state is the same after the same event, because settling changes none.
 */
export function decodeUnitRecord(bytes: Uint8Array, known?: UnitRecord): UnitRecord {
  return decode(bytes, (content) => {
    const isKnown = known !== undefined && isSameEvent(content, known);
    return isKnown ? known.state : decodeState(content.state, known?.state);
  });
}

function isSameEvent({ number, last }: Partial<RecordContent>, known: UnitRecord): boolean {
  if (known.last === undefined || number !== known.number) return false;
  const { author, serial } = known.last;
  return last?.serial === serial && last.author?.incarnation === author.incarnation;
}

/** The record with the next event after `before`, for gateways that have `before`. */
export function encodeNextRecord(before: UnitRecord, next: UnitRecord): Uint8Array {
  assert(next.number === before.number + 1, 'one event follows the other');
  return encode(next, encodeStateAfter(before.state, next.state));
}

/** Throws as `decodeUnitRecord` does. */
export function decodeNextRecord(before: UnitRecord, bytes: Uint8Array): UnitRecord {
  return decode(bytes, ({ state }) => decodeStateAfter(before.state, state));
}

function encode({ number, settled, last }: UnitRecord, state: object): Uint8Array {
  assert(settled <= number && number <= settled + 1, 'one event is not settled at most');
  const content: RecordContent = {
    ...{ number, settled, state },
    ...(last === undefined ? {} : { last: { ...last, event: encodeEvent(last.event) } }),
  };
  return encodeJsonRecord(format, content);
}

function decode(
  bytes: Uint8Array,
  stateOf: (content: Partial<RecordContent>) => SharedState,
): UnitRecord {
  const decodeContent = (raw: unknown): UnitRecord => {
    const content = raw as Partial<RecordContent>;
    const { number, settled, last } = content;
    if (!isCount(number) || !isCount(settled)) throw new Error('number or settled is not a count');
    if (settled > number || settled + 1 < number) throw new Error('settled is not beside number');
    if ((last === undefined) !== (number === 0)) throw new Error('the last event is not there');
    const decoded = { number, settled, state: stateOf(content) };
    return last === undefined ? decoded : { ...decoded, last: decodeLast(last) };
  };
  return decodeJsonRecord({ ...format, decode: decodeContent }, bytes);
}

function decodeLast({ event, author, serial }: Partial<NonNullable<RecordContent['last']>>) {
  if (typeof author?.name !== 'string' || typeof author.incarnation !== 'string') {
    throw new Error('the author of the last event is not known');
  }
  if (!isCount(serial)) throw new Error('the serial of the last event is not a count');
  const { name, incarnation } = author;
  return { event: decodeEvent(event), author: { name, incarnation }, serial };
}
