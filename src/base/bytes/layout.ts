import { assert } from '../assert.ts';

/**
 * Layout tables: a structure of a standard is one constant whose members are fields, and a field
 * knows its byte, its bits and how to get and set. The declaration is the table of the standard;
 * dispatch, reserved-bit checks, CDB usage data, dumps and tests derive from it.
 *
 * `get` and `set` take the bytes and the offset of the structure in them: no slice, no object.
 * Numbers go up to 2^53 - 1 (a 64-bit field beyond that reads as a rounded number above
 * `Number.MAX_SAFE_INTEGER`, which every range check refuses). Identities of 64 bits are bytes.
 */
export interface Field {
  readonly byte: number;
  /** Bytes that the field touches. */
  readonly length: number;
  /** For a field inside one byte: its mask there; else 0xff for each byte. */
  readonly mask: number;
  /** Most significant bit of the field in its first byte (for the sense data's bit pointer). */
  readonly highBit: number;
  get(bytes: Uint8Array, base?: number): number;
  set(bytes: Uint8Array, value: number, base?: number): void;
}

/** One byte. */
export function u8(byte: number): Field {
  return {
    byte,
    length: 1,
    mask: 0xff,
    highBit: 7,
    get: (bytes, base = 0) => bytes[base + byte]!,
    set: (bytes, value, base = 0) => {
      bytes[base + byte] = value;
    },
  };
}

/** Bits `high`..`low` of one byte; one bit when `low` is left out. */
export function bits(byte: number, high: number, low: number = high): Field {
  assert(high <= 7 && low >= 0 && low <= high, `bits ${high}..${low} of byte ${byte}`);
  const width = (1 << (high - low + 1)) - 1;
  const mask = width << low;
  return {
    byte,
    length: 1,
    mask,
    highBit: high,
    get: (bytes, base = 0) => (bytes[base + byte]! >> low) & width,
    set: (bytes, value, base = 0) => {
      bytes[base + byte] = (bytes[base + byte]! & ~mask) | ((value & width) << low);
    },
  };
}

/** Two bytes, big-endian. */
export function u16(byte: number): Field {
  return {
    byte,
    length: 2,
    mask: 0xff,
    highBit: 7,
    get: (bytes, base = 0) => (bytes[base + byte]! << 8) | bytes[base + byte + 1]!,
    set: (bytes, value, base = 0) => {
      bytes[base + byte] = value >>> 8;
      bytes[base + byte + 1] = value;
    },
  };
}

/** Three bytes, big-endian. */
export function u24(byte: number): Field {
  return {
    byte,
    length: 3,
    mask: 0xff,
    highBit: 7,
    get: (bytes, base = 0) => {
      const at = base + byte;
      return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    },
    set: (bytes, value, base = 0) => {
      const at = base + byte;
      bytes[at] = value >>> 16;
      bytes[at + 1] = value >>> 8;
      bytes[at + 2] = value;
    },
  };
}

function getU32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  );
}

function setU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Four bytes, big-endian. */
export function u32(byte: number): Field {
  return {
    byte,
    length: 4,
    mask: 0xff,
    highBit: 7,
    get: (bytes, base = 0) => getU32(bytes, base + byte),
    set: (bytes, value, base = 0) => setU32(bytes, base + byte, value),
  };
}

/** Eight bytes, big-endian, as a number: for addresses and counts, not for identities. */
export function u64(byte: number): Field {
  return {
    byte,
    length: 8,
    mask: 0xff,
    highBit: 7,
    get: (bytes, base = 0) =>
      getU32(bytes, base + byte) * 0x1_0000_0000 + getU32(bytes, base + byte + 4),
    set: (bytes, value, base = 0) => {
      setU32(bytes, base + byte, Math.floor(value / 0x1_0000_0000));
      setU32(bytes, base + byte + 4, value % 0x1_0000_0000);
    },
  };
}

export type Layout<Fields extends Record<string, Field> = Record<never, Field>> = Fields & {
  readonly $: LayoutFacts;
};

export interface LayoutFacts {
  readonly name: string;
  readonly length: number;
  /** OR of the masks of all fields, one entry a byte: a one for each bit that has a meaning. */
  readonly usage: Uint8Array;
  readonly fields: Readonly<Record<string, Field>>;
}

/**
 * Declares a structure. Throws at load when two fields share a bit or one leaves the structure.
 * The facts about the whole stand under `$`.
 */
export function layout<Fields extends Record<string, Field>>(
  name: string,
  length: number,
  fields: Fields,
): Layout<Fields> {
  const usage = new Uint8Array(length);
  for (const [key, field] of Object.entries(fields)) {
    assert(field.byte + field.length <= length, `${name}.${key} leaves the structure`);
    for (let i = field.byte; i < field.byte + field.length; i++) {
      assert((usage[i]! & field.mask) === 0, `${name}.${key} shares a bit in byte ${i}`);
      usage[i] = usage[i]! | field.mask;
    }
  }
  return Object.freeze({ ...fields, $: Object.freeze({ name, length, usage, fields }) });
}
