import { assert } from '../base/assert.ts';
import { ByteWriter } from '../base/bytes/byte-writer.ts';
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

/** TransportID of an iSCSI initiator port (SPC-4): the text is ended by a NUL, and padded to fours. */
export function iscsiTransportId(portName: string): Uint8Array {
  const padded = new ByteWriter().bytes(new TextEncoder().encode(portName)).u8(0).align(4).finish();
  assert(padded.length >= TRANSPORT_ID_ADDITIONAL_LENGTH_MIN, 'iSCSI port names are long enough');
  const header = new Uint8Array(TransportIdHeader.$.length);
  TransportIdHeader.formatCode.set(header, TransportIdFormat.port);
  TransportIdHeader.protocolIdentifier.set(header, ISCSI_PROTOCOL_IDENTIFIER);
  TransportIdHeader.additionalLength.set(header, padded.length);
  return new ByteWriter().bytes(header).bytes(padded).finish();
}

/** How long the TransportID is whose first four bytes are there. */
export function transportIdLength(list: Uint8Array, at: number): number {
  const isIscsi = TransportIdHeader.protocolIdentifier.get(list, at) === ISCSI_PROTOCOL_IDENTIFIER;
  if (!isIscsi) return TRANSPORT_ID_LENGTH;
  return TransportIdHeader.$.length + TransportIdHeader.additionalLength.get(list, at);
}

/** iSCSI name and ISID of a TransportID; undefined when it names no iSCSI initiator port. */
export function iscsiPort(
  transportId: Uint8Array,
): { readonly name: string; readonly isid: string } | undefined {
  const isIscsi =
    TransportIdHeader.protocolIdentifier.get(transportId) === ISCSI_PROTOCOL_IDENTIFIER;
  if (!isIscsi || TransportIdHeader.formatCode.get(transportId) !== TransportIdFormat.port) {
    return undefined;
  }
  const text = portText(transportId.subarray(TransportIdHeader.$.length));
  const parts = text === undefined ? null : PORT_NAME.exec(text);
  const name = prepareName(parts?.[1] ?? '');
  if (parts === null || name === undefined) return undefined;
  return { name, isid: parts[2]!.toLowerCase().padStart(ISID_DIGITS, '0') };
}

/** The text before the first NUL, if NULs alone follow. */
function portText(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0);
  if (end < 0 || bytes.subarray(end).some((byte) => byte !== 0)) return undefined;
  return utf8Text(bytes.subarray(0, end));
}
