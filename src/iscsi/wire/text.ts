import { utf8Text } from '../../base/bytes/utf8-text.ts';

/** One `key=value` of a text data segment. */
export interface TextPair {
  readonly key: string;
  readonly value: string;
}

/** Why a text cannot be read; `at` is the byte offset of the pair that is wrong. */
interface TextFault {
  readonly fault: string;
  readonly at: number;
}

/** A whole text, gathered over PDUs that continue each other. */
export const TEXT_LENGTH_MAX = 65_536;
/** PDUs that one text comes in; with the data segments of a login it takes eight. */
export const TEXT_PIECES_MAX = 64;
/** Pairs in one text; more than twice what the standard's keys could fill. */
export const TEXT_PAIRS_MAX = 64;
/** RFC 7143: a key name has at most 63 bytes. */
const KEY_NAME_LENGTH_MAX = 63;
/** Room for the longest value of any key: a binary value of 1024 bytes in hex, and lists. */
const TEXT_VALUE_LENGTH_MAX = 8192;

const KEY_NAME = /^[A-Za-z][A-Za-z0-9.\-+@_#]*$/;
const EQUALS = 0x3d;

const encoder = new TextEncoder();

/** Splits a text into its pairs. Every pair ends with a NUL; NULs that end nothing are padding. */
export function parseText(bytes: Uint8Array): readonly TextPair[] | TextFault {
  if (bytes.length > TEXT_LENGTH_MAX) return { fault: 'text is too long', at: TEXT_LENGTH_MAX };
  const pairs: TextPair[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(0, at);
    if (end < 0) return { fault: 'pair does not end with NUL', at };
    if (end > at) {
      if (pairs.length === TEXT_PAIRS_MAX) return { fault: 'too many keys', at };
      const pair = parsePair(bytes, at, end);
      if ('fault' in pair) return pair;
      pairs.push(pair);
    }
    at = end + 1;
  }
  return pairs;
}

function parsePair(bytes: Uint8Array, at: number, end: number): TextPair | TextFault {
  const equals = bytes.indexOf(EQUALS, at);
  if (equals < 0 || equals > end) return { fault: 'pair has no "="', at };
  if (equals - at > KEY_NAME_LENGTH_MAX) return { fault: 'key name is too long', at };
  if (end - equals - 1 > TEXT_VALUE_LENGTH_MAX) return { fault: 'value is too long', at };
  const key = utf8Text(bytes.subarray(at, equals));
  if (key === undefined || !KEY_NAME.test(key)) return { fault: 'key name is not valid', at };
  const value = utf8Text(bytes.subarray(equals + 1, end));
  if (value === undefined) return { fault: 'value is not UTF-8', at };
  return { key, value };
}

/** The text of these pairs, each ended by NUL, without padding. */
export function formatText(pairs: readonly TextPair[]): Uint8Array {
  return encoder.encode(pairs.map(({ key, value }) => `${key}=${value}\0`).join(''));
}

/** Decimal or 0x-prefixed number (RFC 7143); undefined when it is none. */
export function parseNumber(value: string): number | undefined {
  if (!/^(?:0[xX][0-9a-fA-F]{1,13}|[0-9]{1,15})$/.test(value)) return undefined;
  return Number(value);
}
