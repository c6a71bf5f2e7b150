import { ByteWriter } from '../../../base/bytes/byte-writer.ts';
import {
  COPIES_AT_ONCE_MAX,
  CSCDS_MAX,
  DESCRIPTOR_LIST_BYTES_MAX,
  SEGMENT_BYTES_MAX,
  SEGMENT_GRANULARITY_EXPONENT,
  SEGMENTS_MAX,
} from '../../copy/copy-limits.ts';
import {
  CSCD_ID_OF_THIS_UNIT,
  IMPLEMENTED_DESCRIPTOR_TYPES,
  THIRD_PARTY_COPY_IN,
  THIRD_PARTY_COPY_OUT,
  ThirdPartyCopyIn,
  ThirdPartyCopyOut,
} from '../../standard/third-party-copy.ts';
import {
  CopyDescriptorType,
  CopyParameterData,
  GeneralCopyOperations,
} from '../../standard/third-party-copy-page.ts';
import { VpdPageCode } from '../../standard/vpd.ts';
import type { VpdPage } from '../vpd-page.ts';
import { behindHead, descriptor } from './copy-descriptor.ts';
import { rodLimits, rodTokenFeatures, supportedRodTokens } from './token-descriptors.ts';

/** 8Fh: what third-party copies there are, and their bounds. */
export const thirdPartyCopyPage: VpdPage = {
  name: 'Third-party Copy',
  pageCode: VpdPageCode.thirdPartyCopy,
  body: (unit) =>
    new ByteWriter()
      // First, because Windows looks for tokens there only.
      .bytes(rodLimits(unit))
      .bytes(supportedCommands())
      .bytes(parameterData())
      .bytes(supportedDescriptors())
      .bytes(supportedCscdIds())
      .bytes(rodTokenFeatures())
      .bytes(supportedRodTokens())
      .bytes(generalCopyOperations())
      .finish(),
};

function supportedCommands(): Uint8Array {
  const list = new ByteWriter();
  const supported = [
    [THIRD_PARTY_COPY_OUT, ThirdPartyCopyOut],
    [THIRD_PARTY_COPY_IN, ThirdPartyCopyIn],
  ] as const;
  for (const [operationCode, actions] of supported) {
    const codes = Object.values(actions).sort((a, b) => a - b);
    list.u8(operationCode).u8(codes.length).bytes(Uint8Array.from(codes));
  }
  return descriptor(CopyDescriptorType.supportedCommands, counted(list.finish()));
}

function parameterData(): Uint8Array {
  const data = new Uint8Array(CopyParameterData.$.length);
  CopyParameterData.maximumCscdDescriptorCount.set(data, CSCDS_MAX);
  CopyParameterData.maximumSegmentDescriptorCount.set(data, SEGMENTS_MAX);
  CopyParameterData.maximumDescriptorListLength.set(data, DESCRIPTOR_LIST_BYTES_MAX);
  return descriptor(CopyDescriptorType.parameterData, behindHead(data));
}

function supportedDescriptors(): Uint8Array {
  const types = Uint8Array.from(IMPLEMENTED_DESCRIPTOR_TYPES);
  return descriptor(CopyDescriptorType.supportedDescriptors, counted(types));
}

function supportedCscdIds(): Uint8Array {
  const ids = new ByteWriter().u16(2).u16(CSCD_ID_OF_THIS_UNIT).finish();
  return descriptor(CopyDescriptorType.supportedCscdIds, ids);
}

function generalCopyOperations(): Uint8Array {
  const data = new Uint8Array(GeneralCopyOperations.$.length);
  GeneralCopyOperations.totalConcurrentCopies.set(data, COPIES_AT_ONCE_MAX);
  GeneralCopyOperations.maximumIdentifiedConcurrentCopies.set(data, COPIES_AT_ONCE_MAX);
  GeneralCopyOperations.maximumSegmentLength.set(data, SEGMENT_BYTES_MAX);
  GeneralCopyOperations.dataSegmentLengthGranularity.set(data, SEGMENT_GRANULARITY_EXPONENT);
  return descriptor(CopyDescriptorType.generalCopyOperations, behindHead(data));
}

/** A list behind its length of one byte. */
function counted(list: Uint8Array): Uint8Array {
  return new ByteWriter().u8(list.length).bytes(list).finish();
}
