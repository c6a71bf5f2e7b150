import { bits, layout, u8, u16, u32, u64 } from '../../base/bytes/layout.ts';

/**
 * SPC-4: PERSISTENT RESERVE OUT, with its parameter lists. No logic. Reservation keys are
 * identities: their places stand here, and their values are bytes.
 */

/** SCOPE: the logical unit. */
export const LU_SCOPE = 0x0;

export const PersistentReserveOutCdb = layout('PERSISTENT RESERVE OUT', 10, {
  operationCode: u8(0),
  serviceAction: bits(1, 4, 0),
  scope: bits(2, 7, 4),
  type: bits(2, 3, 0),
  parameterListLength: u32(5),
});

/** Parameter list of every service action but REGISTER AND MOVE, up to the TransportIDs. */
export const ReserveOutList = layout('PERSISTENT RESERVE OUT parameter list', 24, {
  reservationKey: u64(0),
  serviceActionReservationKey: u64(8),
  specIPt: bits(20, 3),
  allTgPt: bits(20, 2),
  aptpl: bits(20, 0),
});

/** Parameter list of REGISTER AND MOVE, up to the TransportID. */
export const RegisterAndMoveList = layout('REGISTER AND MOVE parameter list', 24, {
  reservationKey: u64(0),
  serviceActionReservationKey: u64(8),
  unreg: bits(17, 1),
  aptpl: bits(17, 0),
  relativeTargetPortIdentifier: u16(18),
  transportIdParameterDataLength: u32(20),
});
