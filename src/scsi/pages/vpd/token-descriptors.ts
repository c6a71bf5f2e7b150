import { ByteWriter } from '../../../base/bytes/byte-writer.ts';
import {
  TOKEN_LIFETIME_MAX_S,
  TOKEN_LIFETIME_S,
  TOKEN_RANGES_MAX,
  TOKEN_TRANSFER_BYTES_MAX,
  TOKEN_TRANSFER_BYTES_OPTIMAL,
} from '../../copy/copy-limits.ts';
import { tokenTransferBlocksMax, tokenTransferBlocksOptimal } from '../../limits-in-blocks.ts';
import type { LogicalUnit } from '../../logical-unit.ts';
import { RodType } from '../../standard/rod-token.ts';
import {
  BlockRodFeatures,
  CopyDescriptorHead,
  CopyDescriptorType,
  RodLimits,
  RodTokenFeatures,
  RodTypeDescriptor,
} from '../../standard/third-party-copy-page.ts';
import { behindHead, descriptor } from './copy-descriptor.ts';

/** What VPD page 8Fh says of tokens. */

export function rodLimits(unit: LogicalUnit): Uint8Array {
  const data = new Uint8Array(RodLimits.$.length);
  RodLimits.maximumRangeDescriptors.set(data, TOKEN_RANGES_MAX);
  RodLimits.maximumInactivityTimeout.set(data, TOKEN_LIFETIME_MAX_S);
  RodLimits.defaultInactivityTimeout.set(data, TOKEN_LIFETIME_S);
  RodLimits.maximumTokenTransferSize.set(data, tokenTransferBlocksMax(unit));
  RodLimits.optimalTransferCount.set(data, tokenTransferBlocksOptimal(unit));
  return descriptor(CopyDescriptorType.rodLimits, behindHead(data));
}

export function rodTokenFeatures(): Uint8Array {
  const features = new Uint8Array(BlockRodFeatures.$.length);
  BlockRodFeatures.descriptorLength.set(features, features.length - CopyDescriptorHead.$.length);
  BlockRodFeatures.maximumBytesInRod.set(features, TOKEN_TRANSFER_BYTES_MAX);
  BlockRodFeatures.optimalBytesInRodTransfer.set(features, TOKEN_TRANSFER_BYTES_OPTIMAL);
  BlockRodFeatures.optimalBytesToTokenPerSegment.set(features, TOKEN_TRANSFER_BYTES_MAX);
  BlockRodFeatures.optimalBytesFromTokenPerSegment.set(features, TOKEN_TRANSFER_BYTES_OPTIMAL);
  const data = new Uint8Array(RodTokenFeatures.$.length);
  RodTokenFeatures.minimumTokenLifetime.set(data, 1);
  RodTokenFeatures.maximumTokenLifetime.set(data, TOKEN_LIFETIME_MAX_S);
  RodTokenFeatures.maximumTokenInactivityTimeout.set(data, TOKEN_LIFETIME_MAX_S);
  RodTokenFeatures.deviceTypeSpecificFeaturesLength.set(data, features.length);
  const body = new ByteWriter().bytes(behindHead(data)).bytes(features).finish();
  return descriptor(CopyDescriptorType.rodTokenFeatures, body);
}

export function supportedRodTokens(): Uint8Array {
  const types = new ByteWriter();
  for (const rodType of Object.values(RodType)) {
    const data = new Uint8Array(RodTypeDescriptor.$.length);
    RodTypeDescriptor.rodType.set(data, rodType);
    RodTypeDescriptor.tokenIn.set(data, 1);
    RodTypeDescriptor.tokenOut.set(data, rodType === RodType.accessUponReference ? 1 : 0);
    types.bytes(data);
  }
  const list = types.finish();
  const body = new ByteWriter().zeros(2).u16(list.length).bytes(list).finish();
  return descriptor(CopyDescriptorType.supportedRodTokens, body);
}
