import { EBUSY } from '../../ceph/errno.ts';

/**
 * The notifications that clients of an image send to its header object (`NotifyMessage` of librbd:
 * version, compatible version, le32 length, le32 operation, the rest). Those of gateways are header
 * updates to librbd, and carry the version of the header behind what librbd reads.
 */
export type HeaderMessage =
  /** The header has changed. `goesBy`: as another gateway has read it. */
  | { readonly kind: 'update'; readonly goesBy: HeaderMark | undefined }
  /** A snapshot is about to be made: its maker waits for every client that has the image open. */
  | { readonly kind: 'quiesce'; readonly request: string }
  /** It is made, or will not be. */
  | { readonly kind: 'unquiesce'; readonly request: string }
  | { readonly kind: 'other' };

const STRUCT_VERSION = 7;
const STRUCT_COMPATIBLE = 1;
const OPERATION_AT = 6;
const REST_AT = 10;
const OPERATION_HEADER_UPDATE = 3;
const OPERATION_QUIESCE = 18;
const OPERATION_UNQUIESCE = 19;
const GATEWAY_MARK = Buffer.from('allpath\0');

/** A header object as it was read at one moment. */
export interface HeaderState {
  /** The version of the object: grows with every change, even of a time stamp. */
  readonly version: number;
  /** The part of it that decides how the image may be written; for comparison. */
  readonly content: string;
  /** Bits of RBD_FEATURE_*. */
  readonly features: bigint;
}

/** The header message between gateways. */
export type HeaderMark = Pick<HeaderState, 'version' | 'content'>;

/** The answer of a gateway to another one; answers to librbd's own messages are empty. */
export const GATEWAY_ANSWER: Uint8Array = GATEWAY_MARK;

/** Makes the maker of a snapshot give up: librbd's answer (version, le32 length, le32 errno). */
export const QUIESCE_REFUSAL: Uint8Array = quiesceRefusal();

/** The kind of a message. An empty one is a header update of a client before Ceph 0.68. */
export function headerMessage(message: Uint8Array): HeaderMessage {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  if (bytes.length === 0) return { kind: 'update', goesBy: undefined };
  if (bytes.length < REST_AT) return { kind: 'other' };
  const rest = bytes.subarray(REST_AT);
  switch (bytes.readUInt32LE(OPERATION_AT)) {
    case OPERATION_HEADER_UPDATE:
      return { kind: 'update', goesBy: gatewayState(rest) };
    case OPERATION_QUIESCE:
      return { kind: 'quiesce', request: rest.toString('hex') };
    case OPERATION_UNQUIESCE:
      return { kind: 'unquiesce', request: rest.toString('hex') };
    default:
      return { kind: 'other' };
  }
}

/** A header update that tells other gateways by which header this one is to go. */
export function gatewayUpdate({ version, content }: HeaderMark): Uint8Array {
  const versionBytes = Buffer.alloc(8);
  versionBytes.writeBigUInt64LE(BigInt(version));
  const rest = Buffer.concat([GATEWAY_MARK, versionBytes, Buffer.from(content)]);
  const bytes = Buffer.alloc(REST_AT);
  bytes.writeUInt8(STRUCT_VERSION, 0);
  bytes.writeUInt8(STRUCT_COMPATIBLE, 1);
  bytes.writeUInt32LE(REST_AT - OPERATION_AT + rest.length, 2);
  bytes.writeUInt32LE(OPERATION_HEADER_UPDATE, OPERATION_AT);
  return Buffer.concat([bytes, rest]);
}

/** Whether an answer is a gateway's. */
export function isGatewayAnswer(payload: Uint8Array): boolean {
  return GATEWAY_MARK.equals(payload);
}

function quiesceRefusal(): Buffer {
  const bytes = Buffer.from([1, 1, 4, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeInt32LE(EBUSY, 6);
  return bytes;
}

function gatewayState(rest: Buffer): HeaderMark | undefined {
  const at = GATEWAY_MARK.length;
  if (rest.length < at + 8) return undefined;
  if (!GATEWAY_MARK.equals(rest.subarray(0, at))) return undefined;
  const version = Number(rest.readBigUInt64LE(at));
  return { version, content: rest.toString('utf8', at + 8) };
}
