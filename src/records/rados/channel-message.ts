import { assert } from '../../base/assert.ts';
import { ByteWriter } from '../../base/bytes/byte-writer.ts';
import { BytesReader } from '../../base/bytes/bytes-reader.ts';
import { CHANNEL_MESSAGE_LENGTH_MAX, type Member } from '../records.ts';

/** The format of messages and answers; other formats are ignored. */
const FORMAT = 1;
/** Bound on the answers of one member, in bytes; answers beyond it count as missing. */
export const ANSWERS_LENGTH_MAX = 512 * 1024;

assert(ANSWERS_LENGTH_MAX >= CHANNEL_MESSAGE_LENGTH_MAX, 'one answer always fits');

/**
 * A message through a channel object. An announcement has the empty channel, which is not a valid
 * key: a joiner announces its identity, and the answers tell it those of the others.
 */
export interface ChannelMessage {
  readonly from: Member;
  /** When a watcher's answer comes too late, counted from the arrival of the message. */
  readonly timeoutMs: number;
  readonly channel: string;
  readonly message: Uint8Array;
}

/** The answers of one member's watchers of the channel. */
interface ChannelAnswer {
  readonly from: Member;
  /** Whether all of them answered, and all of it is here. True for a member that has none. */
  readonly complete: boolean;
  readonly payloads: readonly Uint8Array[];
}

export function encodeMessage({ from, timeoutMs, channel, message }: ChannelMessage): Uint8Array {
  return writeMember(new ByteWriter().u8(FORMAT), from)
    .u32(timeoutMs)
    .length8((writer) => writer.ascii(channel))
    .bytes(message)
    .finish();
}

/** Undefined for what this release does not understand. */
export function decodeMessage(bytes: Uint8Array): ChannelMessage | undefined {
  return read(bytes, (reader) => {
    const from = readMember(reader);
    const timeoutMs = reader.u32();
    const channel = reader.text(reader.u8());
    const message = reader.rest();
    return message.length > CHANNEL_MESSAGE_LENGTH_MAX
      ? undefined
      : { from, timeoutMs, channel, message };
  });
}

export function encodeAnswer({ from, complete, payloads }: ChannelAnswer): Uint8Array {
  const lengthBytes = payloads.reduce((sum, { length }) => sum + length, 0);
  assert(lengthBytes <= ANSWERS_LENGTH_MAX, 'what a member answers is bounded');
  const writer = writeMember(new ByteWriter().u8(FORMAT), from)
    .u8(complete ? 1 : 0)
    .u16(payloads.length);
  for (const payload of payloads) writer.length32((inner) => inner.bytes(payload));
  return writer.finish();
}

/** Undefined for what this release does not understand. */
export function decodeAnswer(bytes: Uint8Array): ChannelAnswer | undefined {
  return read(bytes, (reader) => {
    const from = readMember(reader);
    const complete = reader.u8() === 1;
    const payloads: Uint8Array[] = [];
    for (let left = reader.u16(); left > 0; left--) payloads.push(reader.bytes(reader.u32()));
    return { from, complete, payloads };
  });
}

function writeMember(writer: ByteWriter, { name, incarnation }: Member): ByteWriter {
  return writer.length8((inner) => inner.ascii(name)).length8((inner) => inner.ascii(incarnation));
}

function readMember(reader: BytesReader): Member {
  const name = reader.text(reader.u8());
  return { name, incarnation: reader.text(reader.u8()) };
}

function read<T>(bytes: Uint8Array, decode: (reader: BytesReader) => T): T | undefined {
  if (bytes[0] !== FORMAT) return undefined;
  const reader = new BytesReader(bytes.subarray(1));
  try {
    return decode(reader);
  } catch {
    return undefined;
  }
}
