import { bits, layout, u8, u16, u32, u64 } from '../../base/bytes/layout.ts';

/** CDBs of the SBC commands that touch the medium; names and places are those of SBC. */

export const OperationCode = {
  read6: 0x08,
  write6: 0x0a,
  read10: 0x28,
  write10: 0x2a,
  writeAndVerify10: 0x2e,
  verify10: 0x2f,
  preFetch10: 0x34,
  synchronizeCache10: 0x35,
  readDefectData10: 0x37,
  writeSame10: 0x41,
  unmap: 0x42,
  read16: 0x88,
  compareAndWrite: 0x89,
  write16: 0x8a,
  orwrite16: 0x8b,
  writeAndVerify16: 0x8e,
  verify16: 0x8f,
  preFetch16: 0x90,
  synchronizeCache16: 0x91,
  writeSame16: 0x93,
  writeAtomic16: 0x9c,
  serviceActionIn16: 0x9e,
  read12: 0xa8,
  write12: 0xaa,
  writeAndVerify12: 0xae,
  verify12: 0xaf,
  readDefectData12: 0xb7,
} as const;

/** SERVICE ACTION IN (16). */
export const GET_LBA_STATUS = 0x12;

export const Read6 = layout('READ (6)', 6, transfer6());
export const Write6 = layout('WRITE (6)', 6, transfer6());

export const Read10 = layout('READ (10)', 10, { ...transfer10(), ...readFlags() });
export const Read12 = layout('READ (12)', 12, { ...transfer12(), ...readFlags() });
export const Read16 = layout('READ (16)', 16, { ...transfer16(), ...readFlags() });

export const Write10 = layout('WRITE (10)', 10, { ...transfer10(), ...writeFlags() });
export const Write12 = layout('WRITE (12)', 12, { ...transfer12(), ...writeFlags() });
export const Write16 = layout('WRITE (16)', 16, { ...transfer16(), ...writeFlags() });

/** ATOMIC BOUNDARY takes the place of the upper half of a TRANSFER LENGTH (SBC-5, 5.48). */
export const WriteAtomic16 = layout('WRITE ATOMIC (16)', 16, {
  ...transfer16(),
  ...writeFlags(),
  atomicBoundary: u16(10),
  transferLength: u16(12),
});

export const Orwrite16 = layout('ORWRITE (16)', 16, {
  ...transfer16(),
  orprotect: bits(1, 7, 5),
  dpo: bits(1, 4),
  fua: bits(1, 3),
});

export const WriteAndVerify10 = layout('WRITE AND VERIFY (10)', 10, {
  ...transfer10(),
  ...writeAndVerifyFlags(),
});
export const WriteAndVerify12 = layout('WRITE AND VERIFY (12)', 12, {
  ...transfer12(),
  ...writeAndVerifyFlags(),
});
export const WriteAndVerify16 = layout('WRITE AND VERIFY (16)', 16, {
  ...transfer16(),
  ...writeAndVerifyFlags(),
});

export const Verify10 = layout('VERIFY (10)', 10, { ...transfer10(), ...verifyFlags() });
export const Verify12 = layout('VERIFY (12)', 12, { ...transfer12(), ...verifyFlags() });
export const Verify16 = layout('VERIFY (16)', 16, { ...transfer16(), ...verifyFlags() });

export const PreFetch10 = layout('PRE-FETCH (10)', 10, { ...transfer10(), immed: bits(1, 1) });
export const PreFetch16 = layout('PRE-FETCH (16)', 16, { ...transfer16(), immed: bits(1, 1) });

export const SynchronizeCache10 = layout('SYNCHRONIZE CACHE (10)', 10, {
  ...transfer10(),
  ...synchronizeFlags(),
});
export const SynchronizeCache16 = layout('SYNCHRONIZE CACHE (16)', 16, {
  ...transfer16(),
  ...synchronizeFlags(),
});

export const WriteSame10 = layout('WRITE SAME (10)', 10, {
  ...transfer10(),
  wrprotect: bits(1, 7, 5),
  anchor: bits(1, 4),
  unmap: bits(1, 3),
});
export const WriteSame16 = layout('WRITE SAME (16)', 16, {
  ...transfer16(),
  wrprotect: bits(1, 7, 5),
  anchor: bits(1, 4),
  unmap: bits(1, 3),
  ndob: bits(1, 0),
});

export const Unmap = layout('UNMAP', 10, {
  operationCode: u8(0),
  anchor: bits(1, 0),
  groupNumber: bits(6, 4, 0),
  parameterListLength: u16(7),
  control: u8(9),
});

/** The head of the UNMAP parameter list. */
export const UnmapParameterList = layout('UNMAP parameter list', 8, {
  unmapDataLength: u16(0),
  unmapBlockDescriptorDataLength: u16(2),
});

/** UNMAP block descriptor. */
export const UnmapBlockDescriptor = layout('UNMAP block descriptor', 16, {
  unmapLogicalBlockAddress: u64(0),
  numberOfLogicalBlocks: u32(8),
});

export const ReadDefectData10 = layout('READ DEFECT DATA (10)', 10, {
  operationCode: u8(0),
  reqPlist: bits(2, 4),
  reqGlist: bits(2, 3),
  defectListFormat: bits(2, 2, 0),
  allocationLength: u16(7),
  control: u8(9),
});
export const ReadDefectData12 = layout('READ DEFECT DATA (12)', 12, {
  operationCode: u8(0),
  reqPlist: bits(1, 4),
  reqGlist: bits(1, 3),
  defectListFormat: bits(1, 2, 0),
  addressDescriptorIndex: u32(2),
  allocationLength: u32(6),
  control: u8(11),
});

/** The head of the data of READ DEFECT DATA (10); no address descriptor follows. */
export const DefectList10 = layout('defect list (10)', 4, {
  plistv: bits(1, 4),
  glistv: bits(1, 3),
  defectListFormat: bits(1, 2, 0),
  defectListLength: u16(2),
});
/** The head of the data of READ DEFECT DATA (12); no address descriptor follows. */
export const DefectList12 = layout('defect list (12)', 8, {
  plistv: bits(1, 4),
  glistv: bits(1, 3),
  defectListFormat: bits(1, 2, 0),
  generationCode: u16(2),
  defectListLength: u32(4),
});

export const CompareAndWrite = layout('COMPARE AND WRITE', 16, {
  operationCode: u8(0),
  wrprotect: bits(1, 7, 5),
  dpo: bits(1, 4),
  fua: bits(1, 3),
  logicalBlockAddress: u64(2),
  numberOfLogicalBlocks: u8(13),
  groupNumber: bits(14, 4, 0),
  control: u8(15),
});

export const GetLbaStatus = layout('GET LBA STATUS', 16, {
  operationCode: u8(0),
  serviceAction: bits(1, 4, 0),
  startingLogicalBlockAddress: u64(2),
  allocationLength: u32(10),
  control: u8(15),
});

function transfer6() {
  return {
    operationCode: u8(0),
    logicalBlockAddressHigh: bits(1, 4, 0),
    logicalBlockAddressLow: u16(2),
    transferLength: u8(4),
    control: u8(5),
  };
}

function transfer10() {
  return {
    operationCode: u8(0),
    logicalBlockAddress: u32(2),
    groupNumber: bits(6, 4, 0),
    transferLength: u16(7),
    control: u8(9),
  };
}

function transfer12() {
  return {
    operationCode: u8(0),
    logicalBlockAddress: u32(2),
    transferLength: u32(6),
    groupNumber: bits(10, 4, 0),
    control: u8(11),
  };
}

function transfer16() {
  return {
    operationCode: u8(0),
    logicalBlockAddress: u64(2),
    transferLength: u32(10),
    groupNumber: bits(14, 4, 0),
    control: u8(15),
  };
}

function readFlags() {
  return { rdprotect: bits(1, 7, 5), dpo: bits(1, 4), fua: bits(1, 3), rarc: bits(1, 2) };
}

function writeFlags() {
  return { wrprotect: bits(1, 7, 5), dpo: bits(1, 4), fua: bits(1, 3) };
}

function writeAndVerifyFlags() {
  return { wrprotect: bits(1, 7, 5), dpo: bits(1, 4), bytchk: bits(1, 2, 1) };
}

function verifyFlags() {
  return { vrprotect: bits(1, 7, 5), dpo: bits(1, 4), bytchk: bits(1, 2, 1) };
}

/**
 * SYNC_NV is obsolete. Initiators may still set it; it asks for less than the command does anyway.
 */
function synchronizeFlags() {
  return { syncNv: bits(1, 2), immed: bits(1, 1) };
}
