import { bits, layout, u8, u16, u32, u64 } from '../../base/bytes/layout.ts';

/**
 * The third-party copy descriptors of VPD page 8Fh; places and code points are those of FreeBSD's
 * CTL.
 */

/** What each descriptor begins with. */
export const CopyDescriptorHead = layout('third-party copy descriptor', 4, {
  thirdPartyCopyDescriptorType: u16(0),
  thirdPartyCopyDescriptorLength: u16(2),
});

export const CopyDescriptorType = {
  rodLimits: 0x0000,
  supportedCommands: 0x0001,
  parameterData: 0x0004,
  supportedDescriptors: 0x0008,
  supportedCscdIds: 0x000c,
  rodTokenFeatures: 0x0106,
  supportedRodTokens: 0x0108,
  generalCopyOperations: 0x8001,
} as const;

export const CopyParameterData = layout('parameter data third-party copy descriptor', 32, {
  maximumCscdDescriptorCount: u16(8),
  maximumSegmentDescriptorCount: u16(10),
  maximumDescriptorListLength: u32(12),
  maximumInlineDataLength: u32(16),
});

export const GeneralCopyOperations = layout('general copy operations descriptor', 36, {
  totalConcurrentCopies: u32(4),
  maximumIdentifiedConcurrentCopies: u32(8),
  maximumSegmentLength: u32(12),
  dataSegmentLengthGranularity: u8(16),
  inlineDataLengthGranularity: u8(17),
});

export const RodLimits = layout('block device ROD token limits descriptor', 36, {
  maximumRangeDescriptors: u16(10),
  /** In seconds, like the next. */
  maximumInactivityTimeout: u32(12),
  defaultInactivityTimeout: u32(16),
  /** In logical blocks, like the next. */
  maximumTokenTransferSize: u64(20),
  optimalTransferCount: u64(28),
});

export const RodTokenFeatures = layout('ROD token features descriptor', 48, {
  remoteTokens: bits(4, 3, 0),
  /** In seconds, like the next two. */
  minimumTokenLifetime: u32(16),
  maximumTokenLifetime: u32(20),
  maximumTokenInactivityTimeout: u32(24),
  deviceTypeSpecificFeaturesLength: u16(46),
});

export const BlockRodFeatures = layout('block ROD device type specific features', 48, {
  peripheralDeviceType: bits(0, 4, 0),
  descriptorLength: u16(2),
  maximumBytesInRod: u64(8),
  optimalBytesInRodTransfer: u64(16),
  optimalBytesToTokenPerSegment: u64(24),
  optimalBytesFromTokenPerSegment: u64(32),
});

export const RodTypeDescriptor = layout('ROD type descriptor', 64, {
  rodType: u32(0),
  ecpyInt: bits(4, 7),
  tokenIn: bits(4, 1),
  tokenOut: bits(4, 0),
  preferenceIndicator: u16(6),
});
