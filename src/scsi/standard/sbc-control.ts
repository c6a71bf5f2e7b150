import { bits, layout, u8, u32, u64 } from '../../base/bytes/layout.ts';

/** SBC-3: CDBs and parameter data of the block commands that move no medium data. No logic. */

export const ReadCapacity10Cdb = layout('READ CAPACITY (10)', 10, { operationCode: u8(0) });

/** Fields of READ CAPACITY (10) that SBC-3 calls obsolete. */
export const ReadCapacity10Obsolete = {
  relAdr: bits(1, 0),
  logicalBlockAddress: u32(2),
  pmi: bits(8, 0),
} as const;

export const ReadCapacity10Data = layout('READ CAPACITY (10) parameter data', 8, {
  returnedLogicalBlockAddress: u32(0),
  logicalBlockLength: u32(4),
});

/** RETURNED LOGICAL BLOCK ADDRESS when the last LBA needs more: ask READ CAPACITY (16). */
export const RETURNED_LBA_MAX = 0xffff_ffff;

/** Service actions of SERVICE ACTION IN (16) (9Eh). */
export const ServiceActionIn16 = { readCapacity16: 0x10 } as const;

export const ReadCapacity16Cdb = layout('READ CAPACITY (16)', 16, {
  operationCode: u8(0),
  serviceAction: bits(1, 4, 0),
  allocationLength: u32(10),
});

/** Fields of READ CAPACITY (16) that SBC-3 calls obsolete. */
export const ReadCapacity16Obsolete = {
  logicalBlockAddress: u64(2),
  pmi: bits(14, 0),
} as const;

export const ReadCapacity16Data = layout('READ CAPACITY (16) parameter data', 32, {
  returnedLogicalBlockAddress: u64(0),
  logicalBlockLength: u32(8),
  pType: bits(12, 3, 1),
  protEn: bits(12, 0),
  pIExponent: bits(13, 7, 4),
  logicalBlocksPerPhysicalBlockExponent: bits(13, 3, 0),
  lbpme: bits(14, 7),
  lbprz: bits(14, 6),
});

export const StartStopUnitCdb = layout('START STOP UNIT', 6, {
  operationCode: u8(0),
  immed: bits(1, 0),
  powerCondition: bits(4, 7, 4),
  noFlush: bits(4, 2),
  loEj: bits(4, 1),
  start: bits(4, 0),
});

export const PreventAllowMediumRemovalCdb = layout('PREVENT ALLOW MEDIUM REMOVAL', 6, {
  operationCode: u8(0),
  prevent: bits(4, 1, 0),
});
