import { isCount } from '../base/count.ts';
import { decodeJsonRecord } from '../records/json-record.ts';
import { NOTIFIED_RECORD_LENGTH_MAX, UNIT_CHANNELS } from './limits.ts';
import { encodeUnitRecord, unitRecordFormat } from './unit-record.ts';
import type { StoredUnit } from './unit-records.ts';

/**
 * Notifications of events, and their answers: JSON with a format version. What a gateway does not
 * understand it does not answer; it reads the record when it finds the mark of the logical unit.
 */
const FORMAT_VERSION = 1;

const CHANNEL_PREFIX = 'unit-events/';

export const unitChannels: readonly string[] = Array.from(
  { length: UNIT_CHANNELS },
  (_, index) => `${CHANNEL_PREFIX}${index}`,
);

/** The channel on which events of that logical unit are told. */
export function channelOf(uuid: string): string {
  let hash = 0;
  for (let at = 0; at < uuid.length; at++) hash = (Math.imul(hash, 31) + uuid.charCodeAt(at)) >>> 0;
  return unitChannels[hash % unitChannels.length]!;
}

interface EventMessage {
  readonly uuid: string;
  /** Of the event. */
  readonly number: number;
  /** With the event in it; absent when it is too long, so that it is to be read. */
  readonly stored?: StoredUnit;
}

export function encodeEventMessage(uuid: string, { version, record }: StoredUnit): Uint8Array {
  const bytes = encodeUnitRecord(record);
  const content = { v: FORMAT_VERSION, uuid, number: record.number };
  if (bytes.length > NOTIFIED_RECORD_LENGTH_MAX) return encode(content);
  return encode({ ...content, version, record: new TextDecoder().decode(bytes) });
}

/** Undefined for what this release does not understand. */
export function decodeEventMessage(message: Uint8Array): EventMessage | undefined {
  const { v, uuid, number, version, record } = parse(message);
  if (v !== FORMAT_VERSION || typeof uuid !== 'string' || !isCount(number)) return undefined;
  if (record === undefined) return { uuid, number };
  if (typeof record !== 'string' || !isCount(version)) return undefined;
  try {
    const decoded = decodeJsonRecord(unitRecordFormat, new TextEncoder().encode(record));
    return { uuid, number, stored: { version, record: decoded } };
  } catch {
    return undefined;
  }
}

/** Whoever answers enforces all events of the logical unit up to that one. */
export function encodeAcknowledgement(number: number): Uint8Array {
  return encode({ v: FORMAT_VERSION, number });
}

/** An answer that acknowledges nothing. */
export const NO_ACKNOWLEDGEMENT = new Uint8Array(0);

export function decodeAcknowledgement(answer: Uint8Array): number | undefined {
  const { v, number } = parse(answer);
  return v === FORMAT_VERSION && isCount(number) ? number : undefined;
}

function encode(content: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(content));
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof content === 'object' && content !== null) return content as Record<string, unknown>;
  } catch {
    // Nothing of it is known.
  }
  return {};
}
