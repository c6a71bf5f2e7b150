import { layout, u8, u16, u32 } from '../../base/bytes/layout.ts';

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
  supportedCommands: 0x0001,
  parameterData: 0x0004,
  supportedDescriptors: 0x0008,
  supportedCscdIds: 0x000c,
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
