import { UNMAP_DESCRIPTOR_COUNT_MAX, WRITE_SAME_NON_ZERO } from '../../limits.ts';
import {
  atomicWriteBlocks,
  compareAndWriteBlocksMax,
  prefetchBlocksMax,
  transferBlocksMax,
  transferBlocksOptimal,
  unmapBlocksMax,
  writeSameBlocksMax,
} from '../../limits-in-blocks.ts';
import { BlockLimits, VpdPageCode } from '../../standard/vpd.ts';
import { type VpdPage, vpdBody } from '../vpd-page.ts';

/** B0h: the bounds that the commands enforce, in logical blocks. */
export const blockLimitsPage: VpdPage = {
  name: 'Block Limits',
  pageCode: VpdPageCode.blockLimits,
  body: (unit) =>
    vpdBody(BlockLimits, (page) => {
      const { optimalGranularityBytes, unmapGranularityBytes } = unit.volume.limits;
      const granularity = Math.max(1, optimalGranularityBytes / unit.blockLengthBytes);
      const unmapGranularity = Math.max(1, unmapGranularityBytes / unit.blockLengthBytes);
      BlockLimits.wsnz.set(page, WRITE_SAME_NON_ZERO ? 1 : 0);
      BlockLimits.maximumCompareAndWriteLength.set(page, compareAndWriteBlocksMax(unit));
      BlockLimits.optimalTransferLengthGranularity.set(page, Math.min(granularity, 0xffff));
      BlockLimits.maximumTransferLength.set(page, transferBlocksMax(unit));
      BlockLimits.optimalTransferLength.set(page, transferBlocksOptimal(unit));
      BlockLimits.maximumPrefetchLength.set(page, prefetchBlocksMax(unit));
      BlockLimits.maximumUnmapLbaCount.set(page, unmapBlocksMax(unit));
      BlockLimits.maximumUnmapBlockDescriptorCount.set(page, UNMAP_DESCRIPTOR_COUNT_MAX);
      BlockLimits.optimalUnmapGranularity.set(page, unmapGranularity);
      BlockLimits.ugaValid.set(page, 1);
      BlockLimits.maximumWriteSameLength.set(page, writeSameBlocksMax(unit));
      BlockLimits.maximumAtomicTransferLength.set(page, atomicWriteBlocks(unit));
      BlockLimits.atomicAlignment.set(page, atomicWriteBlocks(unit));
      BlockLimits.atomicTransferLengthGranularity.set(page, atomicWriteBlocks(unit));
    }),
};
