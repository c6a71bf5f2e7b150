import { TransportIdFormat, TransportIdHeader } from '../standard/transport-id.ts';
import { ISCSI_PROTOCOL_IDENTIFIER, iscsiTransportId } from '../transport-id.ts';

/** An initiator port, cut where many ports have the same: iSCSI ports of one name. */
export interface InitiatorPort {
  readonly kind: 'iscsi' | 'other';
  /** iSCSI name, or else the whole TransportID. */
  readonly name: Uint8Array;
  /** Six bytes; zeros where there is no ISID. */
  readonly isid: Uint8Array;
}

export const ISID_LENGTH = 6;

/** `,i,0x` and twelve digits, between the iSCSI name and the NUL that ends the text. */
const SUFFIX_LENGTH = 17;

/** Cuts a TransportID so that `transportIdOf` makes the same one of the parts. */
export function initiatorPort(transportId: Uint8Array): InitiatorPort {
  return iscsiPort(transportId) ?? { kind: 'other', name: transportId, isid: NO_ISID };
}

const NO_ISID = new Uint8Array(ISID_LENGTH);

/** A record has thousands of them, so nothing here makes text of the name. */
function iscsiPort(transportId: Uint8Array): InitiatorPort | undefined {
  const head = TransportIdHeader.$.length;
  const isPort =
    TransportIdHeader.protocolIdentifier.get(transportId) === ISCSI_PROTOCOL_IDENTIFIER &&
    TransportIdHeader.formatCode.get(transportId) === TransportIdFormat.port;
  const nameEnd = transportId.indexOf(0, head) - SUFFIX_LENGTH;
  if (!isPort || nameEnd <= head) return undefined;
  const digits = transportId.subarray(
    nameEnd + SUFFIX_LENGTH - 2 * ISID_LENGTH,
    nameEnd + SUFFIX_LENGTH,
  );
  const isid = Buffer.from(Buffer.from(digits).toString('latin1'), 'hex');
  if (isid.length !== ISID_LENGTH) return undefined;
  const port = { kind: 'iscsi', name: transportId.subarray(head, nameEnd), isid } as const;
  return Buffer.compare(transportIdOf(port), transportId) === 0 ? port : undefined;
}

export function transportIdOf({ kind, name, isid }: InitiatorPort): Uint8Array {
  return kind === 'other' ? name : iscsiTransportId(name, isid);
}
