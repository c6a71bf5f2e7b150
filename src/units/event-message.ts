import { isCount } from '../base/count.ts';
import { NOTIFIED_RECORD_LENGTH_MAX, NOTIFIED_REGISTRATIONS_MAX, UNIT_CHANNELS } from './limits.ts';
import {
  decodeNextRecord,
  decodeUnitRecord,
  encodeNextRecord,
  encodeUnitRecord,
  type UnitRecord,
} from './unit-record.ts';
import type { StoredUnit } from './unit-records.ts';

/**
 * Notifications of events, and their answers: JSON with a format version. A gateway does not answer
 * what it does not understand; it reads the record when it finds the mark of the logical unit.
 */
const FORMAT_VERSION = 1;

const CHANNEL_PREFIX = 'unit-events/';

export const unitChannels: readonly string[] = Array.from(
  { length: UNIT_CHANNELS },
  (_, index) => `${CHANNEL_PREFIX}${index}`,
);

/** The channel for events of that logical unit. */
export function channelOf(uuid: string): string {
  let hash = 0;
  for (let at = 0; at < uuid.length; at++) hash = (Math.imul(hash, 31) + uuid.charCodeAt(at)) >>> 0;
  return unitChannels[hash % unitChannels.length]!;
}

interface EventMessage {
  readonly uuid: string;
  /** Of the event. */
  readonly number: number;
  /**
   * The unit with the event in it, for a gateway that has `known`; undefined: the gateway reads the
   * record. Of a large record the message has what the event changes, or nothing.
   */
  stored(known: StoredUnit): StoredUnit | undefined;
}

/** `before`: the unit before the event, if this gateway had it. */
export function encodeEventMessage(
  uuid: string,
  { version, record }: StoredUnit,
  before?: StoredUnit,
): Uint8Array {
  const content = { v: FORMAT_VERSION, uuid, number: record.number };
  const { registrations } = record.state.reservations;
  // Thousands of registrations take milliseconds to encode.
  if (registrations.size <= NOTIFIED_REGISTRATIONS_MAX) {
    const whole = encodeUnitRecord(record);
    if (fits(whole)) return encode({ ...content, version, record: textOf(whole) });
  }
  const change = before && encodeNextRecord(before.record, record);
  if (change === undefined || !fits(change)) return encode(content);
  return encode({ ...content, version, change: textOf(change) });
}

/** Undefined for what this release does not understand. */
export function decodeEventMessage(message: Uint8Array): EventMessage | undefined {
  const { v, uuid, number, version, record, change } = parse(message);
  if (v !== FORMAT_VERSION || typeof uuid !== 'string' || !isCount(number)) return undefined;
  const decodeFor = (known: UnitRecord): UnitRecord | undefined => {
    if (typeof record === 'string') return decodeUnitRecord(bytesOf(record), known);
    const isNext = typeof change === 'string' && known.number === number - 1;
    return isNext ? decodeNextRecord(known, bytesOf(change)) : undefined;
  };
  return {
    uuid,
    number,
    stored: (known) => {
      if (!isCount(version)) return undefined;
      try {
        const decoded = decodeFor(known.record);
        return decoded?.number === number ? { version, record: decoded } : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

function fits(record: Uint8Array): boolean {
  return record.length <= NOTIFIED_RECORD_LENGTH_MAX;
}

interface Acknowledgement {
  /** The answering member enforces all events of the logical unit up to that one. */
  readonly number: number;
  /** It has a change of the logical unit that waits for this event. */
  readonly isWaiting: boolean;
}

export function encodeAcknowledgement({ number, isWaiting }: Acknowledgement): Uint8Array {
  return encode({ v: FORMAT_VERSION, number, ...(isWaiting ? { isWaiting } : {}) });
}

/** An answer that acknowledges nothing. */
export const NO_ACKNOWLEDGEMENT = new Uint8Array(0);

export function decodeAcknowledgement(answer: Uint8Array): Acknowledgement | undefined {
  const { v, number, isWaiting } = parse(answer);
  if (v !== FORMAT_VERSION || !isCount(number)) return undefined;
  return { number, isWaiting: isWaiting === true };
}

function encode(content: object): Uint8Array {
  return bytesOf(JSON.stringify(content));
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(textOf(bytes));
    if (typeof content === 'object' && content !== null) return content as Record<string, unknown>;
  } catch {
    // Nothing of it is known.
  }
  return {};
}
