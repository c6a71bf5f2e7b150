import { bits, layout, u8, u16, u32, u64 } from '../../base/bytes/layout.ts';

/**
 * Vital product data: pages of SPC-4 and SBC-3, with their four-byte header (which
 * `pages/vpd-page.ts` writes), so that byte numbers are those of the standard. No logic.
 */

/** PAGE CODE. */
export const VpdPageCode = {
  supportedVpdPages: 0x00,
  unitSerialNumber: 0x80,
  deviceIdentification: 0x83,
  extendedInquiryData: 0x86,
  thirdPartyCopy: 0x8f,
  blockLimits: 0xb0,
  blockDeviceCharacteristics: 0xb1,
  logicalBlockProvisioning: 0xb2,
} as const;

export const VPD_HEADER_LENGTH = 4;

export const VpdHeader = layout('VPD page header', VPD_HEADER_LENGTH, {
  peripheralQualifier: bits(0, 7, 5),
  peripheralDeviceType: bits(0, 4, 0),
  pageCode: u8(1),
  pageLength: u16(2),
});

/** Designation descriptor, up to the designator. */
export const DesignatorHeader = layout('designation descriptor', 4, {
  protocolIdentifier: bits(0, 7, 4),
  codeSet: bits(0, 3, 0),
  piv: bits(1, 7),
  association: bits(1, 5, 4),
  designatorType: bits(1, 3, 0),
  designatorLength: u8(3),
});

/** CODE SET. */
export const CodeSet = { binary: 0x1, ascii: 0x2, utf8: 0x3 } as const;
export type CodeSet = (typeof CodeSet)[keyof typeof CodeSet];

/** ASSOCIATION. */
export const Association = { logicalUnit: 0b00, targetPort: 0b01, targetDevice: 0b10 } as const;
export type Association = (typeof Association)[keyof typeof Association];

/** DESIGNATOR TYPE. */
export const DesignatorType = {
  t10VendorId: 0x1,
  naa: 0x3,
  relativeTargetPort: 0x4,
  targetPortGroup: 0x5,
  scsiNameString: 0x8,
} as const;
export type DesignatorType = (typeof DesignatorType)[keyof typeof DesignatorType];

export const ExtendedInquiryData = layout('Extended INQUIRY Data VPD page', 64, {
  activateMicrocode: bits(4, 7, 6),
  spt: bits(4, 5, 3),
  grdChk: bits(4, 2),
  appChk: bits(4, 1),
  refChk: bits(4, 0),
  uaskSup: bits(5, 5),
  groupSup: bits(5, 4),
  priorSup: bits(5, 3),
  headSup: bits(5, 2),
  ordSup: bits(5, 1),
  simpSup: bits(5, 0),
  wuSup: bits(6, 3),
  crdSup: bits(6, 2),
  nvSup: bits(6, 1),
  vSup: bits(6, 0),
  luiClr: bits(7, 0),
  rSup: bits(8, 4),
  cbcs: bits(8, 0),
});

export const BlockLimits = layout('Block Limits VPD page', 64, {
  wsnz: bits(4, 0),
  maximumCompareAndWriteLength: u8(5),
  optimalTransferLengthGranularity: u16(6),
  maximumTransferLength: u32(8),
  optimalTransferLength: u32(12),
  maximumPrefetchLength: u32(16),
  maximumUnmapLbaCount: u32(20),
  maximumUnmapBlockDescriptorCount: u32(24),
  optimalUnmapGranularity: u32(28),
  // UGAVALID is the highest bit of the alignment's four bytes; it is always reported as valid, with
  // alignment 0.
  ugaValid: bits(32, 7),
  maximumWriteSameLength: u64(36),
  // Without the two fields of the atomic boundary (bytes 56 to 63), which is not supported.
  maximumAtomicTransferLength: u32(44),
  atomicAlignment: u32(48),
  atomicTransferLengthGranularity: u32(52),
});

export const BlockDeviceCharacteristics = layout('Block Device Characteristics VPD page', 64, {
  mediumRotationRate: u16(4),
  productType: u8(6),
  nominalFormFactor: bits(7, 3, 0),
});

/** MEDIUM ROTATION RATE: a medium that does not rotate. */
export const NON_ROTATING_MEDIUM = 0x0001;

export const LogicalBlockProvisioning = layout('Logical Block Provisioning VPD page', 8, {
  thresholdExponent: u8(4),
  lbpu: bits(5, 7),
  lbpws: bits(5, 6),
  lbpws10: bits(5, 5),
  lbprz: bits(5, 2),
  ancSup: bits(5, 1),
  dp: bits(5, 0),
  provisioningType: bits(6, 2, 0),
});

/** PROVISIONING TYPE. */
export const ProvisioningType = { thin: 0x2 } as const;
