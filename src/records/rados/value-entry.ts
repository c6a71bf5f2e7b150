import { ByteWriter } from '../../base/bytes/byte-writer.ts';
import { BytesReader } from '../../base/bytes/bytes-reader.ts';
import { Failure } from '../../base/failure.ts';
import { copyOf } from '../record-arguments.ts';
import type { RecordEntry } from '../records.ts';

/*
 * Two entries of an object's omap hold a value. `v/KEY` is the version alone, so that one step can
 * compare it; `d/KEY` is all that a reader wants:
 *
 *   u8 format, u64 version, u8 length and text of the write's stamp, the value
 *
 * `floor` is the highest version that a deleted value of that object had: recreated values continue
 * from there. Numbers are big-endian.
 */
const FORMAT = 1;
const DATA = 'd/';
export const FLOOR_KEY = 'floor';

/** A value as it is stored. */
export interface ValueEntry extends RecordEntry {
  /** Which write made it: unique for ever. */
  readonly stamp: string;
}

export function versionKeyOf(key: string): string {
  return `v/${key}`;
}

export function dataKeyOf(keyOrPrefix: string): string {
  return `${DATA}${keyOrPrefix}`;
}

export function encodeVersion(version: number): Uint8Array {
  return new ByteWriter().u64(version).finish();
}

/** An absent value counts as 0. */
export function decodeVersion(bytes: Uint8Array | undefined): number {
  return bytes === undefined ? 0 : readWhole(bytes, 'a version', (reader) => reader.u64());
}

export function encodeValue({ version, value, stamp }: Omit<ValueEntry, 'key'>): Uint8Array {
  return new ByteWriter()
    .u8(FORMAT)
    .u64(version)
    .length8((writer) => writer.ascii(stamp))
    .bytes(value)
    .finish();
}

/** `dataKey` is the omap's key. Throws `recordsUnsuitable` for what this release cannot read. */
export function decodeValue(dataKey: string, bytes: Uint8Array): ValueEntry {
  const key = dataKey.slice(DATA.length);
  checkFormat(bytes, `the record ${key}`);
  return readWhole(bytes, `the record ${key}`, (reader) => {
    reader.u8();
    const version = reader.u64();
    const stamp = reader.text(reader.u8());
    return { key, version, stamp, value: reader.rest() };
  });
}

/** A field is its format and its value: no field that is there has the empty omap value. */
export function encodeField(value: Uint8Array): Uint8Array {
  return new ByteWriter().u8(FORMAT).bytes(value).finish();
}

export function decodeField(name: string, bytes: Uint8Array): Uint8Array {
  checkFormat(bytes, `the field ${name}`);
  return copyOf(bytes.subarray(1));
}

function checkFormat(bytes: Uint8Array, what: string): void {
  if (bytes[0] === FORMAT) return;
  throw new Failure(
    'recordsUnsuitable',
    `${what} has format ${bytes[0] ?? 'none'}; this release works with format ${FORMAT}`,
    { format: bytes[0] },
  );
}

function readWhole<T>(bytes: Uint8Array, what: string, read: (reader: BytesReader) => T): T {
  try {
    return read(new BytesReader(bytes));
  } catch (cause) {
    throw new Failure('recordsUnsuitable', `${what} cannot be read`, {}, { cause });
  }
}
