import { assert } from '../base/assert.ts';
import { utf8Text } from '../base/bytes/utf8-text.ts';
import { prepareName } from '../base/iscsi-name.ts';
import {
  TRANSPORT_ID_ADDITIONAL_LENGTH_MIN,
  TRANSPORT_ID_LENGTH,
  TransportIdFormat,
  TransportIdHeader,
} from './standard/transport-id.ts';

/** PROTOCOL IDENTIFIER of iSCSI. */
export const ISCSI_PROTOCOL_IDENTIFIER = 0x5;

/** iSCSI name and ISID, as the name of an iSCSI initiator port has them. */
const PORT_NAME = /^(.+),i,0x([0-9a-f]{1,12})$/is;
const ISID_DIGITS = 12;
/** Between the two. */
export const ISCSI_PORT_SEPARATOR = new TextEncoder().encode(',i,0x');
const HEX_DIGITS = new TextEncoder().encode('0123456789abcdef');

/**
 * TransportID of the iSCSI initiator port of a name (UTF-8) and an ISID of six bytes (SPC-4): the
 * text is ended by a NUL, and padded to fours.
 */
export function iscsiTransportId(name: Uint8Array, isid: Uint8Array): Uint8Array {
  assert(isid.length === ISID_DIGITS / 2, 'an ISID has six bytes');
  const textLength = name.length + ISCSI_PORT_SEPARATOR.length + ISID_DIGITS;
  const additional = Math.ceil((textLength + 1) / 4) * 4;
  assert(additional >= TRANSPORT_ID_ADDITIONAL_LENGTH_MIN, 'iSCSI port names are long enough');
  const head = TransportIdHeader.$.length;
  const transportId = new Uint8Array(head + additional);
  TransportIdHeader.formatCode.set(transportId, TransportIdFormat.port);
  TransportIdHeader.protocolIdentifier.set(transportId, ISCSI_PROTOCOL_IDENTIFIER);
  TransportIdHeader.additionalLength.set(transportId, additional);
  transportId.set(name, head);
  transportId.set(ISCSI_PORT_SEPARATOR, head + name.length);
  let at = head + name.length + ISCSI_PORT_SEPARATOR.length;
  for (const byte of isid) {
    transportId[at++] = HEX_DIGITS[byte >> 4]!;
    transportId[at++] = HEX_DIGITS[byte & 0xf]!;
  }
  return transportId;
}

/** How long the TransportID is whose first four bytes are there. */
export function transportIdLength(list: Uint8Array, at: number): number {
  const isIscsi = TransportIdHeader.protocolIdentifier.get(list, at) === ISCSI_PROTOCOL_IDENTIFIER;
  if (!isIscsi) return TRANSPORT_ID_LENGTH;
  return TransportIdHeader.$.length + TransportIdHeader.additionalLength.get(list, at);
}

/**
 * The TransportID of an iSCSI initiator port as TransportIDs are compared, whatever the form in
 * which an initiator names the port; undefined when it names none.
 */
export function preparedIscsiTransportId(transportId: Uint8Array): Uint8Array | undefined {
  const text = portText(transportId.subarray(TransportIdHeader.$.length));
  const parts = text === undefined ? null : PORT_NAME.exec(text);
  const name = prepareName(parts?.[1] ?? '');
  if (parts === null || name === undefined) return undefined;
  const isid = Buffer.from(parts[2]!.padStart(ISID_DIGITS, '0'), 'hex');
  return iscsiTransportId(new TextEncoder().encode(name), isid);
}

/** The text before the first NUL, if NULs alone follow. */
function portText(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0);
  if (end < 0 || bytes.subarray(end).some((byte) => byte !== 0)) return undefined;
  return utf8Text(bytes.subarray(0, end));
}
