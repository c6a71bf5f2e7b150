import type { Field } from '../../base/bytes/layout.ts';
import type { BlockRun } from '../block-range.ts';
import type { CommandResult } from '../command-result.ts';
import { tokenTransferBlocksMax } from '../limits-in-blocks.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import { atParameter, conditions, invalidInParameterList } from '../sense-table.ts';
import {
  PopulateTokenHead,
  RangeDescriptor,
  ROD_TOKEN_BYTES,
  RodType,
  TOKEN_IN_WRITE_LIST_BYTE,
  TOKEN_LIST_LENGTH_BASE,
  WriteUsingTokenHead,
} from '../standard/rod-token.ts';
import { TOKEN_LIFETIME_MAX_S, TOKEN_LIFETIME_S, TOKEN_RANGES_MAX } from './copy-limits.ts';

/** What POPULATE TOKEN asks for. */
export interface TokenRequest {
  readonly ranges: readonly BlockRun[];
  readonly lifetimeS: number;
}

/** What WRITE USING TOKEN asks for. */
export interface TokenWrite {
  readonly token: Uint8Array;
  /** In logical blocks of the destination. */
  readonly offsetBlocks: number;
  readonly ranges: readonly BlockRun[];
}

/** The longest parameter list that is of any use. */
export const POPULATE_LIST_BYTES_MAX =
  PopulateTokenHead.$.length + TOKEN_RANGES_MAX * RangeDescriptor.$.length;
export const WRITE_LIST_BYTES_MAX =
  WriteUsingTokenHead.$.length + TOKEN_RANGES_MAX * RangeDescriptor.$.length;

/** The parameter list of POPULATE TOKEN; a result is its refusal. */
export function parseTokenRequest(
  list: Uint8Array,
  source: LogicalUnit,
): TokenRequest | CommandResult {
  const ranges = parseRanges(list, PopulateTokenHead, source);
  if (!Array.isArray(ranges)) return ranges as CommandResult;
  const { immed, inactivityTimeout, rtv, rodType } = PopulateTokenHead;
  // A copy in the background would need a place for its end.
  if (immed.get(list) !== 0) return invalidInParameterList(immed);
  const lifetimeS = inactivityTimeout.get(list);
  if (lifetimeS > TOKEN_LIFETIME_MAX_S) return invalidInParameterList(inactivityTimeout);
  if (rtv.get(list) === 1 && rodType.get(list) !== RodType.accessUponReference) {
    return invalidInParameterList(rodType);
  }
  return { ranges, lifetimeS: lifetimeS === 0 ? TOKEN_LIFETIME_S : lifetimeS };
}

/** The parameter list of WRITE USING TOKEN; a result is its refusal. */
export function parseTokenWrite(
  list: Uint8Array,
  destination: LogicalUnit,
): TokenWrite | CommandResult {
  const ranges = parseRanges(list, WriteUsingTokenHead, destination);
  if (!Array.isArray(ranges)) return ranges as CommandResult;
  const { immed, offsetIntoRod } = WriteUsingTokenHead;
  if (immed.get(list) !== 0) return invalidInParameterList(immed);
  const at = TOKEN_IN_WRITE_LIST_BYTE;
  return {
    token: list.slice(at, at + ROD_TOKEN_BYTES),
    offsetBlocks: offsetIntoRod.get(list),
    ranges,
  };
}

type ListHead = {
  readonly dataLength: Field;
  readonly rangeDescriptorLength: Field;
  readonly $: { readonly length: number };
};

function parseRanges(
  list: Uint8Array,
  head: ListHead,
  unit: LogicalUnit,
): BlockRun[] | CommandResult {
  const { dataLength, rangeDescriptorLength } = head;
  const { length: size } = RangeDescriptor.$;
  if (list.length < head.$.length) return conditions.parameterListLengthError;
  const listBytes = TOKEN_LIST_LENGTH_BASE + dataLength.get(list);
  const rangeBytes = rangeDescriptorLength.get(list);
  if (listBytes > list.length) return conditions.parameterListLengthError;
  const isCounted = rangeBytes > 0 && rangeBytes % size === 0;
  if (!isCounted || head.$.length + rangeBytes > listBytes) {
    return invalidInParameterList(rangeDescriptorLength);
  }
  if (rangeBytes > TOKEN_RANGES_MAX * size) {
    return atParameter(conditions.tooManySegmentDescriptors, rangeDescriptorLength.byte);
  }
  const ranges: BlockRun[] = [];
  for (let at = head.$.length; at < head.$.length + rangeBytes; at += size) {
    const range = {
      lba: RangeDescriptor.logicalBlockAddress.get(list, at),
      blocks: RangeDescriptor.numberOfLogicalBlocks.get(list, at),
    };
    const refusal = misfit(range, ranges, unit, at);
    if (refusal !== undefined) return refusal;
    if (range.blocks > 0) ranges.push(range);
  }
  return ranges;
}

/** Why the range cannot follow those before it. */
function misfit(
  range: BlockRun,
  before: readonly BlockRun[],
  unit: LogicalUnit,
  at: number,
): CommandResult | undefined {
  if (range.lba + range.blocks > unit.blocks) return conditions.lbaOutOfRange;
  if (before.some((other) => isOverlapping(range, other))) {
    return invalidInParameterList(RangeDescriptor.logicalBlockAddress, at);
  }
  const total = totalBlocks(before) + range.blocks;
  return total > tokenTransferBlocksMax(unit)
    ? invalidInParameterList(RangeDescriptor.numberOfLogicalBlocks, at)
    : undefined;
}

export function totalBlocks(ranges: readonly BlockRun[]): number {
  return ranges.reduce((sum, { blocks }) => sum + blocks, 0);
}

function isOverlapping(a: BlockRun, b: BlockRun): boolean {
  return a.lba < b.lba + b.blocks && b.lba < a.lba + a.blocks;
}
