import { bits, layout, u8, u16, u24, u32, u64 } from '../../base/bytes/layout.ts';

/**
 * Third-party copy: EXTENDED COPY (LID1), RECEIVE COPY RESULTS and their parameter data. Places and
 * code points are those that libiscsi's conformance suite sends and FreeBSD's CTL parses.
 */

export const THIRD_PARTY_COPY_OUT = 0x83;
export const THIRD_PARTY_COPY_IN = 0x84;

/** Service actions of THIRD-PARTY COPY OUT. */
export const ThirdPartyCopyOut = {
  extendedCopyLid1: 0x00,
  populateToken: 0x10,
  writeUsingToken: 0x11,
} as const;
/** Service actions of THIRD-PARTY COPY IN. */
export const ThirdPartyCopyIn = {
  copyStatusLid1: 0x00,
  operatingParameters: 0x03,
  rodTokenInformation: 0x07,
} as const;

export const ExtendedCopyCdb = layout('EXTENDED COPY (LID1)', 16, {
  operationCode: u8(0),
  serviceAction: bits(1, 4, 0),
  parameterListLength: u32(10),
  control: u8(15),
});

/** The head of the parameter list of EXTENDED COPY (LID1). */
export const CopyListHead = layout('EXTENDED COPY (LID1) parameter list', 16, {
  listIdentifier: u8(0),
  str: bits(1, 5),
  listIdUsage: bits(1, 4, 3),
  priority: bits(1, 2, 0),
  cscdDescriptorListLength: u16(2),
  segmentDescriptorListLength: u32(8),
  inlineDataLength: u32(12),
});

/** LIST ID USAGE. */
export const ListIdUsage = { hold: 0b00, reserved: 0b01, discard: 0b10, none: 0b11 } as const;

export const CscdType = { identification: 0xe4 } as const;
export const CSCD_DESCRIPTOR_BYTES = 32;
/** The CSCD descriptor ID of the logical unit that the command was sent to. */
export const CSCD_ID_OF_THIS_UNIT = 0xffff;

/** Identification Descriptor CSCD descriptor; the designator begins at byte 8. */
export const IdentificationCscd = layout('identification CSCD descriptor', CSCD_DESCRIPTOR_BYTES, {
  descriptorTypeCode: u8(0),
  luIdType: bits(1, 7, 6),
  nul: bits(1, 5),
  peripheralDeviceType: bits(1, 4, 0),
  relativeInitiatorPortIdentifier: u16(2),
  codeSet: bits(4, 3, 0),
  association: bits(5, 5, 4),
  designatorType: bits(5, 3, 0),
  designatorLength: u8(7),
  pad: bits(28, 2),
  diskBlockLength: u24(29),
});
export const CSCD_DESIGNATOR_BYTE = 8;
export const CSCD_DESIGNATOR_LENGTH_MAX = 20;

export const SegmentType = { blockToBlock: 0x02, blockToBlockWithOffset: 0x0a } as const;

/** What every segment descriptor begins with. */
export const SegmentHead = layout('segment descriptor', 8, {
  descriptorTypeCode: u8(0),
  dc: bits(1, 1),
  cat: bits(1, 0),
  /** Of what follows it. */
  descriptorLength: u16(2),
  sourceCscdDescriptorId: u16(4),
  destinationCscdDescriptorId: u16(6),
});
/** DESCRIPTOR LENGTH counts from here. */
export const SEGMENT_LENGTH_BASE = 4;

export const BlockToBlockSegment = layout('block device to block device segment', 28, {
  blockDeviceNumberOfBlocks: u16(10),
  sourceBlockDeviceLogicalBlockAddress: u64(12),
  destinationBlockDeviceLogicalBlockAddress: u64(20),
});

export const OffsetSegment = layout('block device to block device with offset segment', 32, {
  numberOfBytes: u32(8),
  sourceBlockDeviceLogicalBlockAddress: u64(12),
  destinationBlockDeviceLogicalBlockAddress: u64(20),
  sourceBlockDeviceByteOffset: u16(28),
  destinationBlockDeviceByteOffset: u16(30),
});

/** The types of descriptors that copies may have, ascending. */
export const IMPLEMENTED_DESCRIPTOR_TYPES = [
  SegmentType.blockToBlock,
  SegmentType.blockToBlockWithOffset,
  CscdType.identification,
] as const;
