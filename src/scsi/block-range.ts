import type { Field } from '../base/bytes/layout.ts';
import type { CommandResult } from './command-result.ts';
import type { LogicalUnit } from './logical-unit.ts';
import { conditions, invalidInCdb } from './sense-table.ts';

/** Consecutive blocks of a medium. */
export interface BlockRun {
  readonly lba: number;
  readonly blocks: number;
}

/**
 * Whether the blocks are on the medium. A range of no blocks may begin at the end of the medium,
 * not behind it. 64-bit addresses above 2^53 arrive rounded, which changes nothing here.
 */
export function checkRange(
  logicalUnit: LogicalUnit,
  lba: number,
  blocks: number,
): CommandResult | undefined {
  return lba + blocks > logicalUnit.blocks ? conditions.lbaOutOfRange : undefined;
}

/** The same for a command with a bound (in blocks) on its transfer length. */
export function checkTransfer(
  logicalUnit: LogicalUnit,
  lba: number,
  blocks: number,
  blocksMax: number,
  field: Field,
): CommandResult | undefined {
  if (lba + blocks > logicalUnit.blocks) return conditions.lbaOutOfRange;
  return blocks > blocksMax ? invalidInCdb(field) : undefined;
}
