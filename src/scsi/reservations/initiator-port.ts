import { assert } from '../../base/assert.ts';
import { TransportIdHeader } from '../standard/transport-id.ts';
import { ISCSI_PORT_SEPARATOR, iscsiTransportId } from '../transport-id.ts';
import type { NexusName } from './nexus-name.ts';

/**
 * The initiator port of a nexus, cut where many ports have the same: iSCSI ports of one name. All
 * in hex digits, as in the name of the nexus: a record has thousands, so nothing here makes bytes.
 */
export interface InitiatorPort {
  readonly kind: 'iscsi' | 'other';
  /** Of the iSCSI name, or else of the whole TransportID. */
  readonly name: string;
  /** Zeros where there is no ISID. */
  readonly isid: string;
}

export const ISID_LENGTH = 6;

export const NO_ISID = '00'.repeat(ISID_LENGTH);
const HEAD_DIGITS = 2 * TransportIdHeader.$.length;
const SEPARATOR = hexOf(ISCSI_PORT_SEPARATOR);
/** The ISID stands there as text, of which each digit is a byte. */
const ISID_DIGITS = 4 * ISID_LENGTH;

/** The text of a byte in hex digits, in hex digits; and back. */
const TEXTS = Array.from({ length: 256 }, (_, byte) => {
  const digits = byte.toString(16).padStart(2, '0');
  return [digits, hexOf(new TextEncoder().encode(digits))] as const;
});
const TEXT_OF = new Map(TEXTS);
const DIGITS_OF = new Map(TEXTS.map(([digits, text]) => [text, digits]));

/** A record is encoded whole when one of its registrations changes: the others were cut before. */
const ports = new Map<NexusName, InitiatorPort>();
const PORTS_MAX = 4096;

/** Cuts the name of a nexus so that `nexusOfPort` makes the same one of the parts. */
export function initiatorPort(nexus: NexusName): InitiatorPort {
  const known = ports.get(nexus);
  if (known !== undefined) return known;
  const transportId = nexus.slice(nexus.indexOf(':') + 1);
  const port = iscsiPort(transportId) ?? { kind: 'other', name: transportId, isid: NO_ISID };
  if (ports.size >= PORTS_MAX) ports.clear();
  ports.set(nexus, port);
  return port;
}

export function nexusOfPort(port: InitiatorPort, targetPort: number): NexusName {
  assert(targetPort > 0 && targetPort <= 0xffff, 'a relative port identifier has two bytes');
  return `${targetPort}:${transportIdText(port)}`;
}

function iscsiPort(transportId: string): InitiatorPort | undefined {
  const nameEnd = transportId.lastIndexOf(SEPARATOR);
  if (nameEnd <= HEAD_DIGITS) return undefined;
  const isid = isidAt(transportId, nameEnd + SEPARATOR.length);
  if (isid === undefined) return undefined;
  const { head, tail } = frameOf(nameEnd - HEAD_DIGITS);
  const tailStart = nameEnd + SEPARATOR.length + ISID_DIGITS;
  // Name and ISID come back as they are, so only what is around them can differ.
  if (!transportId.startsWith(head) || transportId.slice(tailStart) !== tail) return undefined;
  return { kind: 'iscsi', name: transportId.slice(HEAD_DIGITS, nameEnd), isid };
}

function isidAt(transportId: string, start: number): string | undefined {
  let isid = '';
  for (let at = start; at < start + ISID_DIGITS; at += 4) {
    const digits = DIGITS_OF.get(transportId.slice(at, at + 4));
    if (digits === undefined) return undefined;
    isid += digits;
  }
  return isid;
}

function transportIdText({ kind, name, isid }: InitiatorPort): string {
  if (kind === 'other') return name;
  let text = '';
  for (let at = 0; at < isid.length; at += 2) text += TEXT_OF.get(isid.slice(at, at + 2));
  const { head, tail } = frameOf(name.length);
  return head + name + SEPARATOR + text + tail;
}

interface Frame {
  readonly head: string;
  readonly tail: string;
}

/** By the digits of the name. */
const frames: Frame[] = [];

/** What is before the name and after the ISID depends on the length of the name alone. */
function frameOf(nameDigits: number): Frame {
  const known = frames[nameDigits];
  if (known !== undefined) return known;
  const name = new Uint8Array(nameDigits / 2);
  const framed = hexOf(iscsiTransportId(name, new Uint8Array(ISID_LENGTH)));
  const tailStart = HEAD_DIGITS + nameDigits + SEPARATOR.length + ISID_DIGITS;
  const frame = { head: framed.slice(0, HEAD_DIGITS), tail: framed.slice(tailStart) };
  frames[nameDigits] = frame;
  return frame;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
