import { iscsiPort, iscsiTransportId } from '../transport-id.ts';

/** An initiator port, cut where many ports have the same: iSCSI ports of one name. */
export interface InitiatorPort {
  readonly kind: 'iscsi' | 'other';
  /** iSCSI name, or else the whole TransportID. */
  readonly name: Uint8Array;
  /** Six bytes; zeros where there is no ISID. */
  readonly isid: Uint8Array;
}

export const ISID_LENGTH = 6;

export function initiatorPort(transportId: Uint8Array): InitiatorPort {
  const port = iscsiPort(transportId);
  if (port !== undefined) {
    const { name, isid } = port;
    const cut = {
      kind: 'iscsi',
      name: new TextEncoder().encode(name),
      isid: Buffer.from(isid, 'hex'),
    } as const;
    if (Buffer.compare(transportIdOf(cut), transportId) === 0) return cut;
  }
  return { kind: 'other', name: transportId, isid: new Uint8Array(ISID_LENGTH) };
}

export function transportIdOf({ kind, name, isid }: InitiatorPort): Uint8Array {
  if (kind === 'other') return name;
  const text = new TextDecoder().decode(name);
  return iscsiTransportId(`${text},i,0x${Buffer.from(isid).toString('hex')}`);
}
