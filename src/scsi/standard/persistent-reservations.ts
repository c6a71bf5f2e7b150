import { bits, layout, u8, u16, u32, u64 } from '../../base/bytes/layout.ts';

/**
 * SPC-4: PERSISTENT RESERVE IN and OUT, with their parameter data; SPC-2: RESERVE and RELEASE. No
 * logic. Reservation keys are identities, so their places stand here and their values are bytes.
 */

/** Service actions of PERSISTENT RESERVE IN (5Eh). */
export const PersistentReserveIn = {
  readKeys: 0x00,
  readReservation: 0x01,
  reportCapabilities: 0x02,
  readFullStatus: 0x03,
} as const;

/** Service actions of PERSISTENT RESERVE OUT (5Fh). */
export const PersistentReserveOut = {
  register: 0x00,
  reserve: 0x01,
  release: 0x02,
  clear: 0x03,
  preempt: 0x04,
  preemptAndAbort: 0x05,
  registerAndIgnoreExistingKey: 0x06,
  registerAndMove: 0x07,
} as const;

/** SCOPE: the logical unit. */
export const LU_SCOPE = 0x0;

export const PersistentReserveInCdb = layout('PERSISTENT RESERVE IN', 10, {
  operationCode: u8(0),
  serviceAction: bits(1, 4, 0),
  allocationLength: u16(7),
});

export const PersistentReserveOutCdb = layout('PERSISTENT RESERVE OUT', 10, {
  operationCode: u8(0),
  serviceAction: bits(1, 4, 0),
  scope: bits(2, 7, 4),
  type: bits(2, 3, 0),
  parameterListLength: u32(5),
});

/** Bytes of a reservation key. */
export const RESERVATION_KEY_LENGTH = 8;

/** Parameter list of every service action but REGISTER AND MOVE, up to the TransportIDs. */
export const ReserveOutList = layout('PERSISTENT RESERVE OUT parameter list', 24, {
  reservationKey: u64(0),
  serviceActionReservationKey: u64(8),
  specIPt: bits(20, 3),
  allTgPt: bits(20, 2),
  aptpl: bits(20, 0),
});

/** What follows it with SPEC_I_PT: the length of the TransportIDs behind. */
export const InitiatorPortList = layout('additional parameter data of SPEC_I_PT', 4, {
  transportIdParameterDataLength: u32(0),
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

/** A reservation, as READ RESERVATION describes it. */
export const ReservationDescriptor = layout('persistent reservation descriptor', 16, {
  reservationKey: u64(0),
  scope: bits(13, 7, 4),
  type: bits(13, 3, 0),
});

export const ReportCapabilitiesData = layout('REPORT CAPABILITIES parameter data', 8, {
  length: u16(0),
  rlrC: bits(2, 7),
  crh: bits(2, 4),
  sipC: bits(2, 3),
  atpC: bits(2, 2),
  ptplC: bits(2, 0),
  tmv: bits(3, 7),
  allowCommands: bits(3, 6, 4),
  ptplA: bits(3, 0),
  wrExAr: bits(4, 7),
  exAcRo: bits(4, 6),
  wrExRo: bits(4, 5),
  exAc: bits(4, 3),
  wrEx: bits(4, 1),
  exAcAr: bits(5, 0),
});

/** A registration, as READ FULL STATUS describes it, up to its TransportID. */
export const FullStatusDescriptor = layout('full status descriptor', 24, {
  reservationKey: u64(0),
  allTgPt: bits(12, 1),
  rHolder: bits(12, 0),
  scope: bits(13, 7, 4),
  type: bits(13, 3, 0),
  relativeTargetPortIdentifier: u16(18),
  additionalDescriptorLength: u32(20),
});

/** RESERVE and RELEASE; what SPC-2 has for third parties and for extents is not there. */
export const Reserve6Cdb = layout('RESERVE (6)', 6, { operationCode: u8(0) });
export const Release6Cdb = layout('RELEASE (6)', 6, { operationCode: u8(0) });
export const Reserve10Cdb = layout('RESERVE (10)', 10, { operationCode: u8(0) });
export const Release10Cdb = layout('RELEASE (10)', 10, { operationCode: u8(0) });

/** Fields that mean something for third parties only: ignored while 3RDPTY is 0 (SPC-2). */
export const ThirdPartyFields = {
  longId: bits(1, 1),
  thirdPartyDeviceId: u8(3),
  parameterListLength: u16(7),
} as const;
