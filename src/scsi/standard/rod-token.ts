import { bits, layout, u8, u16, u32, u64 } from '../../base/bytes/layout.ts';

/**
 * Tokens for representations of data (ROD): POPULATE TOKEN, WRITE USING TOKEN, RECEIVE ROD TOKEN
 * INFORMATION and their data. Places and code points are those that Windows' class driver sends and
 * checks, and FreeBSD's CTL parses.
 */

export const PopulateTokenCdb = layout('POPULATE TOKEN', 16, {
  operationCode: u8(0),
  serviceAction: bits(1, 4, 0),
  listIdentifier: u32(6),
  parameterListLength: u32(10),
  groupNumber: bits(14, 5, 0),
  control: u8(15),
});

export const WriteUsingTokenCdb = layout('WRITE USING TOKEN', 16, {
  operationCode: u8(0),
  serviceAction: bits(1, 4, 0),
  listIdentifier: u32(6),
  parameterListLength: u32(10),
  groupNumber: bits(14, 5, 0),
  control: u8(15),
});

export const RodTokenInformationCdb = layout('RECEIVE ROD TOKEN INFORMATION', 16, {
  operationCode: u8(0),
  serviceAction: bits(1, 4, 0),
  listIdentifier: u32(2),
  allocationLength: u32(10),
  control: u8(15),
});

/** The head of the parameter list of POPULATE TOKEN; the ranges follow it. */
export const PopulateTokenHead = layout('POPULATE TOKEN parameter list', 16, {
  /** Of what follows it. */
  dataLength: u16(0),
  rtv: bits(2, 1),
  immed: bits(2, 0),
  /** In seconds; 0: the default. */
  inactivityTimeout: u32(4),
  /** Valid only with RTV. */
  rodType: u32(8),
  rangeDescriptorLength: u16(14),
});

/** The head of the parameter list of WRITE USING TOKEN; the ranges follow it. */
export const WriteUsingTokenHead = layout('WRITE USING TOKEN parameter list', 536, {
  /** Of what follows it. */
  dataLength: u16(0),
  delTkn: bits(2, 1),
  immed: bits(2, 0),
  /** In logical blocks of the destination. */
  offsetIntoRod: u64(8),
  rangeDescriptorLength: u16(534),
});
/** Where the ROD token is in that list. */
export const TOKEN_IN_WRITE_LIST_BYTE = 16;

/** DATA LENGTH counts from here. */
export const TOKEN_LIST_LENGTH_BASE = 2;

export const RangeDescriptor = layout('block device range descriptor', 16, {
  logicalBlockAddress: u64(0),
  numberOfLogicalBlocks: u32(8),
});

/** ROD TYPE: what a token promises of the data. */
export const RodType = { accessUponReference: 0x0001_0000, blockZero: 0xffff_0001 } as const;

export const ROD_TOKEN_BYTES = 512;
/** What every token begins with. */
export const RodTokenHead = layout('ROD token', ROD_TOKEN_BYTES, {
  rodType: u32(0),
  rodTokenLength: u16(6),
  copyManagerRodTokenIdentifier: u64(8),
  /** The low half of a number of 16 bytes. */
  bytesRepresented: u64(56),
});
/** ROD TOKEN LENGTH counts from here. */
export const ROD_TOKEN_LENGTH_BASE = 8;
/** From here on a token is what its copy manager likes. */
export const TOKEN_EXTENDED_BYTE = 128;
