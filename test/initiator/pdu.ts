import {
  bits,
  type Field,
  type Layout,
  layout,
  u8,
  u16,
  u24,
  u32,
} from '../../src/base/bytes/layout.ts';

/**
 * The PDUs of RFC 7143 as the test initiator speaks them. Written apart from the target's tables,
 * so that one mistake is not made on both sides of the wire.
 */
export const BHS_LENGTH = 48;
export const NO_TAG = 0xffffffff;

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

const start = {
  immediate: bits(0, 6),
  opcode: bits(0, 5, 0),
  totalAhsLength: u8(4),
  dataSegmentLength: u24(5),
  initiatorTaskTag: u32(16),
};
const request = { ...start, cmdSn: u32(24), expStatSn: u32(28) };
const answer = { ...start, statSn: u32(24), expCmdSn: u32(28), maxCmdSn: u32(32) };
/** The first four bytes of the LUN field; single-level LUNs need no more. */
const lun = { lun: u16(8) };
const login = {
  transit: bits(1, 7),
  more: bits(1, 6),
  currentStage: bits(1, 3, 2),
  nextStage: bits(1, 1, 0),
  isidHigh: u16(8),
  isidLow: u32(10),
  tsih: u16(14),
};
const text = { final: bits(1, 7), more: bits(1, 6), ...lun, targetTransferTag: u32(20) };

/** Fields that all PDUs share. */
export const Bhs = layout('basic header segment', BHS_LENGTH, { ...start, final: bits(1, 7) });
/** Fields that all PDUs from the target share, but Data-In without status. */
export const AnswerBhs = layout('answer', BHS_LENGTH, answer);

export const NopOut = layout('NOP-Out', BHS_LENGTH, {
  ...request,
  final: bits(1, 7),
  ...lun,
  targetTransferTag: u32(20),
});
export const ScsiCommand = layout('SCSI Command', BHS_LENGTH, {
  ...request,
  final: bits(1, 7),
  read: bits(1, 6),
  write: bits(1, 5),
  attribute: bits(1, 2, 0),
  ...lun,
  expectedDataTransferLength: u32(20),
});
export const TaskManagementRequest = layout('Task Management Function Request', BHS_LENGTH, {
  ...request,
  final: bits(1, 7),
  function: bits(1, 6, 0),
  ...lun,
  referencedTaskTag: u32(20),
  refCmdSn: u32(32),
  expDataSn: u32(36),
});
export const LoginRequest = layout('Login Request', BHS_LENGTH, {
  ...request,
  ...login,
  versionMax: u8(2),
  versionMin: u8(3),
  cid: u16(20),
});
export const TextRequest = layout('Text Request', BHS_LENGTH, { ...request, ...text });
export const DataOut = layout('SCSI Data-Out', BHS_LENGTH, {
  ...start,
  final: bits(1, 7),
  ...lun,
  targetTransferTag: u32(20),
  expStatSn: u32(28),
  dataSn: u32(36),
  bufferOffset: u32(40),
});
export const LogoutRequest = layout('Logout Request', BHS_LENGTH, {
  ...request,
  final: bits(1, 7),
  reason: bits(1, 6, 0),
  cid: u16(20),
});
export const SnackRequest = layout('SNACK Request', BHS_LENGTH, {
  ...start,
  final: bits(1, 7),
  type: bits(1, 3, 0),
  ...lun,
  targetTransferTag: u32(20),
  expStatSn: u32(28),
  begRun: u32(40),
  runLength: u32(44),
});

export const NopIn = layout('NOP-In', BHS_LENGTH, {
  ...answer,
  final: bits(1, 7),
  ...lun,
  targetTransferTag: u32(20),
});
export const ScsiResponse = layout('SCSI Response', BHS_LENGTH, {
  ...answer,
  final: bits(1, 7),
  bidirectionalOverflow: bits(1, 4),
  bidirectionalUnderflow: bits(1, 3),
  overflow: bits(1, 2),
  underflow: bits(1, 1),
  response: u8(2),
  status: u8(3),
  snackTag: u32(20),
  expDataSn: u32(36),
  bidirectionalResidual: u32(40),
  residual: u32(44),
});
export const TaskManagementResponse = layout('Task Management Function Response', BHS_LENGTH, {
  ...answer,
  final: bits(1, 7),
  response: u8(2),
  additional: u24(37),
});
export const LoginResponse = layout('Login Response', BHS_LENGTH, {
  ...answer,
  ...login,
  versionMax: u8(2),
  versionActive: u8(3),
  statusClass: u8(36),
  statusDetail: u8(37),
});
export const TextResponse = layout('Text Response', BHS_LENGTH, { ...answer, ...text });
export const DataIn = layout('SCSI Data-In', BHS_LENGTH, {
  ...answer,
  final: bits(1, 7),
  acknowledge: bits(1, 6),
  overflow: bits(1, 2),
  underflow: bits(1, 1),
  hasStatus: bits(1, 0),
  status: u8(3),
  ...lun,
  targetTransferTag: u32(20),
  dataSn: u32(36),
  bufferOffset: u32(40),
  residual: u32(44),
});
export const LogoutResponse = layout('Logout Response', BHS_LENGTH, {
  ...answer,
  final: bits(1, 7),
  response: u8(2),
  time2Wait: u16(40),
  time2Retain: u16(42),
});
export const R2t = layout('Ready To Transfer', BHS_LENGTH, {
  ...answer,
  final: bits(1, 7),
  ...lun,
  targetTransferTag: u32(20),
  r2tSn: u32(36),
  bufferOffset: u32(40),
  desiredLength: u32(44),
});
export const AsyncMessage = layout('Asynchronous Message', BHS_LENGTH, {
  ...answer,
  final: bits(1, 7),
  ...lun,
  event: u8(36),
  vendorCode: u8(37),
  parameter1: u16(38),
  parameter2: u16(40),
  parameter3: u16(42),
});
export const Reject = layout('Reject', BHS_LENGTH, {
  ...answer,
  final: bits(1, 7),
  reason: u8(2),
  dataSn: u32(36),
});

/** One PDU: header, additional header segments, data segment without padding. */
export interface Pdu {
  readonly bhs: Buffer;
  readonly ahs: Buffer;
  readonly data: Buffer;
}

export const NO_BYTES = Buffer.alloc(0);

/** A PDU with these header fields; the data segment length is filled in, what is not named is 0. */
export function pdu<Fields extends Record<string, Field>>(
  kind: Layout<Fields>,
  fields: { readonly [Name in keyof Fields]?: number },
  data: Uint8Array = NO_BYTES,
): Pdu {
  const bhs = Buffer.alloc(BHS_LENGTH);
  for (const [name, value] of Object.entries(fields)) {
    kind.$.fields[name]!.set(bhs, value as number);
  }
  if (Bhs.dataSegmentLength.get(bhs) === 0) Bhs.dataSegmentLength.set(bhs, data.length);
  return {
    bhs,
    ahs: NO_BYTES,
    data: Buffer.from(data.buffer, data.byteOffset, data.length),
  };
}

/** Bytes from the end of `length` to the next multiple of four. */
export function padding(length: number): number {
  return (4 - (length % 4)) % 4;
}

/** First two bytes of the LUN field: peripheral device addressing below 256, flat space above. */
export function lunField(flat: number): number {
  return flat < 256 ? flat : 0x4000 | flat;
}
