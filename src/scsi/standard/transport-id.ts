import { bits, layout, u16 } from '../../base/bytes/layout.ts';

/** SPC-4: TransportIDs, up to the text of an iSCSI initiator port. No logic. */
export const TransportIdHeader = layout('TransportID header', 4, {
  formatCode: bits(0, 7, 6),
  protocolIdentifier: bits(0, 3, 0),
  /** Of iSCSI alone. */
  additionalLength: u16(2),
});

/** FORMAT CODE of an iSCSI TransportID. */
export const TransportIdFormat = {
  /** The iSCSI name of the initiator. */
  device: 0b00,
  /** The iSCSI name, the separator `,i,0x` and the ISID. */
  port: 0b01,
} as const;

/** ADDITIONAL LENGTH is at least this, and a multiple of four. */
export const TRANSPORT_ID_ADDITIONAL_LENGTH_MIN = 20;

/** Bytes of a TransportID of any other transport. */
export const TRANSPORT_ID_LENGTH = 24;
