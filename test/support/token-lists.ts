import type { BlockRun } from '../../src/scsi/block-range.ts';
import {
  PopulateTokenHead,
  RangeDescriptor,
  ROD_TOKEN_BYTES,
  RodTokenHead,
  RodType,
  TOKEN_IN_WRITE_LIST_BYTE,
  TOKEN_LIST_LENGTH_BASE,
  WriteUsingTokenHead,
} from '../../src/scsi/standard/rod-token.ts';

/** The token of zeros, as Windows has it. */
export function zeroToken(): Uint8Array {
  const token = new Uint8Array(ROD_TOKEN_BYTES);
  RodTokenHead.rodType.set(token, RodType.blockZero);
  RodTokenHead.rodTokenLength.set(token, ROD_TOKEN_BYTES - 8);
  return token;
}

/** A parameter list of POPULATE TOKEN. */
export function populateList(ranges: readonly BlockRun[], timeoutS = 0): Uint8Array {
  const list = withRanges(PopulateTokenHead, ranges);
  PopulateTokenHead.inactivityTimeout.set(list, timeoutS);
  return list;
}

/** A parameter list of WRITE USING TOKEN. */
export function writeTokenList(
  token: Uint8Array,
  ranges: readonly BlockRun[],
  offsetBlocks = 0,
): Uint8Array {
  const list = withRanges(WriteUsingTokenHead, ranges);
  list.set(token, TOKEN_IN_WRITE_LIST_BYTE);
  WriteUsingTokenHead.offsetIntoRod.set(list, offsetBlocks);
  return list;
}

/** The CDB of POPULATE TOKEN (10h) or WRITE USING TOKEN (11h). */
export function tokenCdb(serviceAction: number, listId: number, listBytes: number): number[] {
  return [0x83, serviceAction, 0, 0, 0, 0, ...u32(listId), ...u32(listBytes), 0, 0];
}

/** The CDB of RECEIVE ROD TOKEN INFORMATION. */
export function tokenInformationCdb(listId: number, allocationLength = 1024): number[] {
  return [0x84, 0x07, ...u32(listId), 0, 0, 0, 0, ...u32(allocationLength), 0, 0];
}

type Head = typeof PopulateTokenHead | typeof WriteUsingTokenHead;

function withRanges(head: Head, ranges: readonly BlockRun[]): Uint8Array {
  const size = RangeDescriptor.$.length;
  const list = new Uint8Array(head.$.length + ranges.length * size);
  head.dataLength.set(list, list.length - TOKEN_LIST_LENGTH_BASE);
  head.rangeDescriptorLength.set(list, ranges.length * size);
  for (const [i, { lba, blocks }] of ranges.entries()) {
    RangeDescriptor.logicalBlockAddress.set(list, lba, head.$.length + i * size);
    RangeDescriptor.numberOfLogicalBlocks.set(list, blocks, head.$.length + i * size);
  }
  return list;
}

function u32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}
