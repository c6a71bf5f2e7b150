import { assert } from '../../base/assert.ts';
import { Failure } from '../../base/failure.ts';
import { CHANNEL_MESSAGE_LENGTH_MAX } from '../records.ts';

/*
 * A frame between members: length of what follows (4 bytes), format version (1), kind (1), length
 * of the head (2), head (UTF-8 JSON), payload. A call is one connection: the caller sends `notify`,
 * gets an `answer` for each watcher and then `end`, or `refused`.
 */
const FORMAT_VERSION = 1;
const LENGTH_BYTES = 4;
const PREAMBLE_BYTES = 4;
const HEAD_LENGTH_MAX = 1024;
const FRAME_LENGTH_MAX = PREAMBLE_BYTES + HEAD_LENGTH_MAX + CHANNEL_MESSAGE_LENGTH_MAX;

assert(FRAME_LENGTH_MAX <= 0xffff_ffff, 'the length of a frame fits into its field');
assert(HEAD_LENGTH_MAX <= 0xffff, 'the length of a head fits into its field');

const KINDS = ['notify', 'answer', 'end', 'refused'] as const;
type FrameKind = (typeof KINDS)[number];

export interface Frame {
  readonly kind: FrameKind;
  readonly head: Readonly<Record<string, unknown>>;
  readonly payload: Uint8Array;
}

const NOTHING = new Uint8Array(0);

export function encodeFrame(
  kind: FrameKind,
  head: Readonly<Record<string, unknown>> = {},
  payload: Uint8Array = NOTHING,
): Uint8Array {
  const headBytes = Buffer.from(JSON.stringify(head));
  assert(headBytes.length <= HEAD_LENGTH_MAX, 'a head is short: names and one channel');
  assert(payload.length <= CHANNEL_MESSAGE_LENGTH_MAX, 'the length of a message was checked');
  const frame = Buffer.alloc(LENGTH_BYTES + PREAMBLE_BYTES + headBytes.length + payload.length);
  frame.writeUInt32BE(frame.length - LENGTH_BYTES, 0);
  frame.writeUInt8(FORMAT_VERSION, 4);
  frame.writeUInt8(KINDS.indexOf(kind), 5);
  frame.writeUInt16BE(headBytes.length, 6);
  frame.set(headBytes, LENGTH_BYTES + PREAMBLE_BYTES);
  frame.set(payload, LENGTH_BYTES + PREAMBLE_BYTES + headBytes.length);
  return frame;
}

/** Cuts a stream into frames. Holds at most one frame's bytes and a chunk. */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0);

  /** The frames that `chunk` completes. Throws a `Failure` on bytes that are not a frame. */
  push(chunk: Uint8Array): Frame[] {
    this.#held = Buffer.concat([this.#held, chunk]);
    const frames: Frame[] = [];
    while (this.#held.length >= LENGTH_BYTES) {
      const length = this.#held.readUInt32BE(0);
      if (length < PREAMBLE_BYTES || length > FRAME_LENGTH_MAX) {
        throw malformed(`a frame of ${length} bytes`);
      }
      if (this.#held.length < LENGTH_BYTES + length) break;
      frames.push(decode(this.#held.subarray(LENGTH_BYTES, LENGTH_BYTES + length)));
      this.#held = this.#held.subarray(LENGTH_BYTES + length);
    }
    return frames;
  }
}

function decode(frame: Buffer): Frame {
  const version = frame.readUInt8(0);
  if (version !== FORMAT_VERSION) throw malformed(`format ${version}, known is ${FORMAT_VERSION}`);
  const kind = KINDS[frame.readUInt8(1)];
  const headLength = frame.readUInt16BE(2);
  const headEnd = PREAMBLE_BYTES + headLength;
  if (kind === undefined) throw malformed('unknown kind of frame');
  if (headLength > HEAD_LENGTH_MAX || headEnd > frame.length) throw malformed('head too long');
  const payload = new Uint8Array(frame.subarray(headEnd));
  if (payload.length > CHANNEL_MESSAGE_LENGTH_MAX) throw malformed('payload too long');
  return { kind, head: parseHead(frame.subarray(PREAMBLE_BYTES, headEnd)), payload };
}

function parseHead(bytes: Buffer): Readonly<Record<string, unknown>> {
  let head: unknown;
  try {
    head = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw malformed('head is not JSON');
  }
  if (typeof head !== 'object' || head === null) throw malformed('the head is not an object');
  return head as Readonly<Record<string, unknown>>;
}

function malformed(reason: string): Failure {
  return new Failure('recordsMalformedFrame', `not a message of a member: ${reason}`);
}
