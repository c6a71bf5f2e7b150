import { bits, layout, u8, u16, u24, u32 } from '../../base/bytes/layout.ts';

/**
 * The Basic Header Segment of every PDU (RFC 7143), names as there in camelCase.
 * `lunHigh` and `lunLow` are the two halves of the LUN field: as an identity of eight bytes it is
 * copied from `LUN_BYTE`; as numbers it is only compared. The ISID is treated in the same way.
 */
export const BHS_LENGTH = 48;

/** Bytes of a header or data digest. */
export const DIGEST_LENGTH = 4;

/** Where the eight bytes of the LUN field begin. */
export const LUN_BYTE = 8;
/** Where the sixteen bytes of the CDB begin in a SCSI Command, and how many they are. */
export const CDB_BYTE = 32;
export const CDB_FIELD_LENGTH = 16;
/** Where the ISID begins in login PDUs, and its length. */
export const ISID_BYTE = 8;
export const ISID_LENGTH = 6;

/** The F bit, and as a flag of byte 1. */
const FINAL_BIT = 7;
export const FINAL_FLAG = 1 << FINAL_BIT;

/** "No tag": a reserved Initiator or Target Transfer Tag. */
export const RESERVED_TAG = 0xffffffff;

/** Opcodes, without the immediate bit. */
export const Opcode = {
  nopOut: 0x00,
  scsiCommand: 0x01,
  taskManagementRequest: 0x02,
  loginRequest: 0x03,
  textRequest: 0x04,
  dataOut: 0x05,
  logoutRequest: 0x06,
  snackRequest: 0x10,
  nopIn: 0x20,
  scsiResponse: 0x21,
  taskManagementResponse: 0x22,
  loginResponse: 0x23,
  textResponse: 0x24,
  dataIn: 0x25,
  logoutResponse: 0x26,
  r2t: 0x31,
  asyncMessage: 0x32,
  reject: 0x3f,
} as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** AHSType of an Additional Header Segment. */
export const AhsType = {
  extendedCdb: 1,
  bidirectionalReadExpectedDataTransferLength: 2,
} as const;

/** The head of an Additional Header Segment; `ahsLength` counts what follows these three bytes. */
export const Ahs = layout('Additional Header Segment', 4, { ahsLength: u16(0), ahsType: u8(2) });

/** How much data-in a bidirectional command may return. */
export const BidirectionalReadAhs = layout(
  'Bidirectional Read Expected Data Transfer Length AHS',
  8,
  { ahsLength: u16(0), ahsType: u8(2), readLength: u32(4) },
);
/** AHSLength does not count itself and the type. */
export const AHS_HEAD_LENGTH = 3;

/** The fields that all PDUs share. */
const COMMON = {
  immediate: bits(0, 6),
  opcode: bits(0, 5, 0),
  /** In words of four bytes. */
  totalAhsLength: u8(4),
  dataSegmentLength: u24(5),
  initiatorTaskTag: u32(16),
};

const FINAL = { final: bits(1, FINAL_BIT) };
const LUN = { lunHigh: u32(8), lunLow: u32(12) };
const TARGET_TRANSFER_TAG = { targetTransferTag: u32(20) };
/** The sequence numbers of what an initiator sends as a command. */
const COMMAND_NUMBERS = { cmdSn: u32(24), expStatSn: u32(28) };
/** The sequence numbers of what a target sends. */
const STATUS_NUMBERS = { statSn: u32(24), expCmdSn: u32(28), maxCmdSn: u32(32) };

export const ScsiCommand = layout('SCSI Command', BHS_LENGTH, {
  ...COMMON,
  ...FINAL,
  ...LUN,
  ...COMMAND_NUMBERS,
  read: bits(1, 6),
  write: bits(1, 5),
  attribute: bits(1, 2, 0),
  expectedDataTransferLength: u32(20),
  cdb0: u32(32),
  cdb4: u32(36),
  cdb8: u32(40),
  cdb12: u32(44),
});

export const ScsiResponse = layout('SCSI Response', BHS_LENGTH, {
  ...COMMON,
  ...FINAL,
  ...STATUS_NUMBERS,
  bidirectionalReadResidualOverflow: bits(1, 4),
  bidirectionalReadResidualUnderflow: bits(1, 3),
  residualOverflow: bits(1, 2),
  residualUnderflow: bits(1, 1),
  response: u8(2),
  status: u8(3),
  snackTag: u32(20),
  expDataSn: u32(36),
  bidirectionalReadResidualCount: u32(40),
  residualCount: u32(44),
});

export const TaskManagementRequest = layout('Task Management Function Request', BHS_LENGTH, {
  ...COMMON,
  ...FINAL,
  ...LUN,
  ...COMMAND_NUMBERS,
  function: bits(1, 6, 0),
  referencedTaskTag: u32(20),
  refCmdSn: u32(32),
  expDataSn: u32(36),
});

export const TaskManagementResponse = layout('Task Management Function Response', BHS_LENGTH, {
  ...COMMON,
  ...FINAL,
  ...STATUS_NUMBERS,
  response: u8(2),
});

export const DataOut = layout('SCSI Data-Out', BHS_LENGTH, {
  ...COMMON,
  ...FINAL,
  ...LUN,
  ...TARGET_TRANSFER_TAG,
  expStatSn: u32(28),
  dataSn: u32(36),
  bufferOffset: u32(40),
});

export const DataIn = layout('SCSI Data-In', BHS_LENGTH, {
  ...COMMON,
  ...FINAL,
  ...LUN,
  ...TARGET_TRANSFER_TAG,
  ...STATUS_NUMBERS,
  acknowledge: bits(1, 6),
  residualOverflow: bits(1, 2),
  residualUnderflow: bits(1, 1),
  statusPresent: bits(1, 0),
  status: u8(3),
  dataSn: u32(36),
  bufferOffset: u32(40),
  residualCount: u32(44),
});

export const R2t = layout('Ready To Transfer', BHS_LENGTH, {
  ...COMMON,
  ...FINAL,
  ...LUN,
  ...TARGET_TRANSFER_TAG,
  ...STATUS_NUMBERS,
  r2tSn: u32(36),
  bufferOffset: u32(40),
  desiredDataTransferLength: u32(44),
});

export const AsyncMessage = layout('Asynchronous Message', BHS_LENGTH, {
  ...COMMON,
  ...FINAL,
  ...LUN,
  ...STATUS_NUMBERS,
  asyncEvent: u8(36),
  asyncVCode: u8(37),
  parameter1: u16(38),
  parameter2: u16(40),
  parameter3: u16(42),
});

/** AsyncEvent of an Asynchronous Message. */
export const AsyncEvent = {
  scsiAsynchronousEvent: 0,
  logoutRequest: 1,
  connectionDropped: 2,
  sessionDropped: 3,
  negotiationRequest: 4,
  taskTermination: 5,
  vendorSpecific: 255,
} as const;

export const TextRequest = layout('Text Request', BHS_LENGTH, {
  ...COMMON,
  ...FINAL,
  ...LUN,
  ...TARGET_TRANSFER_TAG,
  ...COMMAND_NUMBERS,
  continue: bits(1, 6),
});

export const TextResponse = layout('Text Response', BHS_LENGTH, {
  ...COMMON,
  ...FINAL,
  ...LUN,
  ...TARGET_TRANSFER_TAG,
  ...STATUS_NUMBERS,
  continue: bits(1, 6),
});

/**
 * The fields that login PDUs share: transit and continue bits, stages, the session's identifiers.
 */
const LOGIN = {
  transit: bits(1, 7),
  continue: bits(1, 6),
  currentStage: bits(1, 3, 2),
  nextStage: bits(1, 1, 0),
  versionMax: u8(2),
  isidHigh: u32(8),
  isidLow: u16(12),
  tsih: u16(14),
};

export const LoginRequest = layout('Login Request', BHS_LENGTH, {
  ...COMMON,
  ...LOGIN,
  ...COMMAND_NUMBERS,
  versionMin: u8(3),
  cid: u16(20),
});

export const LoginResponse = layout('Login Response', BHS_LENGTH, {
  ...COMMON,
  ...LOGIN,
  ...STATUS_NUMBERS,
  versionActive: u8(3),
  statusClass: u8(36),
  statusDetail: u8(37),
});

export const LogoutRequest = layout('Logout Request', BHS_LENGTH, {
  ...COMMON,
  ...FINAL,
  ...COMMAND_NUMBERS,
  reasonCode: bits(1, 6, 0),
  cid: u16(20),
});

/** Reason Code of a Logout Request. */
export const LogoutReason = {
  closeSession: 0,
  closeConnection: 1,
  removeConnectionForRecovery: 2,
} as const;

export const LogoutResponse = layout('Logout Response', BHS_LENGTH, {
  ...COMMON,
  ...FINAL,
  ...STATUS_NUMBERS,
  response: u8(2),
  /** Seconds. */
  time2Wait: u16(40),
  /** Seconds. */
  time2Retain: u16(42),
});

/** Response of a Logout Response. */
export const LogoutResponseCode = {
  closedSuccessfully: 0,
  cidNotFound: 1,
  connectionRecoveryNotSupported: 2,
  cleanupFailed: 3,
} as const;

export const SnackRequest = layout('SNACK Request', BHS_LENGTH, {
  ...COMMON,
  ...FINAL,
  ...LUN,
  type: bits(1, 3, 0),
  targetTransferTag: u32(20),
  expStatSn: u32(28),
  begRun: u32(40),
  runLength: u32(44),
});

export const Reject = layout('Reject', BHS_LENGTH, {
  ...COMMON,
  ...FINAL,
  ...STATUS_NUMBERS,
  reason: u8(2),
  dataSn: u32(36),
});

export const NopOut = layout('NOP-Out', BHS_LENGTH, {
  ...COMMON,
  ...FINAL,
  ...LUN,
  ...TARGET_TRANSFER_TAG,
  ...COMMAND_NUMBERS,
});

export const NopIn = layout('NOP-In', BHS_LENGTH, {
  ...COMMON,
  ...FINAL,
  ...LUN,
  ...TARGET_TRANSFER_TAG,
  ...STATUS_NUMBERS,
});
