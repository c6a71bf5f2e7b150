import { TOKEN_TRANSFER_BYTES_MAX, TOKEN_TRANSFER_BYTES_OPTIMAL } from './copy/copy-limits.ts';
import {
  ATOMIC_WRITE_BYTES,
  PREFETCH_LENGTH_MAX_BYTES,
  TRANSFER_LENGTH_MAX_BYTES,
  TRANSFER_LENGTH_OPTIMAL_BYTES,
  UNMAP_MAX_BYTES,
  WRITE_SAME_LENGTH_MAX_BYTES,
} from './limits.ts';
import type { LogicalUnit } from './logical-unit.ts';

/** The bounds of `limits` in logical blocks, as CDBs and VPD B0h (Block Limits) count them. */

/** MAXIMUM COMPARE AND WRITE LENGTH is a one-byte field of blocks. */
const COMPARE_AND_WRITE_BLOCKS_MAX = 255;

/** MAXIMUM TRANSFER LENGTH, in blocks. */
export function transferBlocksMax(logicalUnit: LogicalUnit): number {
  return TRANSFER_LENGTH_MAX_BYTES / logicalUnit.blockLengthBytes;
}

/** OPTIMAL TRANSFER LENGTH, in blocks. */
export function transferBlocksOptimal(logicalUnit: LogicalUnit): number {
  return TRANSFER_LENGTH_OPTIMAL_BYTES / logicalUnit.blockLengthBytes;
}

/** MAXIMUM PREFETCH LENGTH, in blocks. */
export function prefetchBlocksMax(logicalUnit: LogicalUnit): number {
  return PREFETCH_LENGTH_MAX_BYTES / logicalUnit.blockLengthBytes;
}

/** MAXIMUM UNMAP LBA COUNT, in blocks. */
export function unmapBlocksMax(logicalUnit: LogicalUnit): number {
  return UNMAP_MAX_BYTES / logicalUnit.blockLengthBytes;
}

/** MAXIMUM WRITE SAME LENGTH, in blocks. */
export function writeSameBlocksMax(logicalUnit: LogicalUnit): number {
  return WRITE_SAME_LENGTH_MAX_BYTES / logicalUnit.blockLengthBytes;
}

/** MAXIMUM COMPARE AND WRITE LENGTH, in blocks; 0 when the medium has no compareAndWrite. */
export function compareAndWriteBlocksMax(logicalUnit: LogicalUnit): number {
  const { compareAndWriteMaxBytes } = logicalUnit.volume.limits;
  const blocks = Math.floor(compareAndWriteMaxBytes / logicalUnit.blockLengthBytes);
  return Math.min(blocks, COMPARE_AND_WRITE_BLOCKS_MAX);
}

/** MAXIMUM TOKEN TRANSFER SIZE, in blocks. */
export function tokenTransferBlocksMax(logicalUnit: LogicalUnit): number {
  return TOKEN_TRANSFER_BYTES_MAX / logicalUnit.blockLengthBytes;
}

/** OPTIMAL TRANSFER COUNT, in blocks. */
export function tokenTransferBlocksOptimal(logicalUnit: LogicalUnit): number {
  return TOKEN_TRANSFER_BYTES_OPTIMAL / logicalUnit.blockLengthBytes;
}

/**
 * MAXIMUM ATOMIC TRANSFER LENGTH, ATOMIC ALIGNMENT and their granularity, in blocks; 0 when the
 * medium has a boundary inside such a range (an image with a stripe unit of 512 bytes).
 */
export function atomicWriteBlocks({ volume, blockLengthBytes }: LogicalUnit): number {
  const isAtomic = volume.limits.atomicBoundaryBytes % ATOMIC_WRITE_BYTES === 0;
  return isAtomic ? ATOMIC_WRITE_BYTES / blockLengthBytes : 0;
}
