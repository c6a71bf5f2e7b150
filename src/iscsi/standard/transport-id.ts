import { bits, layout, u16 } from '../../base/bytes/layout.ts';

/** SPC-4: the TransportID of an iSCSI initiator port, up to its text. No logic. */
export const TransportIdHeader = layout('iSCSI TransportID header', 4, {
  formatCode: bits(0, 7, 6),
  protocolIdentifier: bits(0, 3, 0),
  additionalLength: u16(2),
});

/** FORMAT CODE. */
export const TransportIdFormat = {
  /** The iSCSI name of the initiator. */
  device: 0b00,
  /** The iSCSI name, the separator `,i,0x` and the ISID. */
  port: 0b01,
} as const;

/** ADDITIONAL LENGTH is at least this, and a multiple of four. */
export const TRANSPORT_ID_ADDITIONAL_LENGTH_MIN = 20;
