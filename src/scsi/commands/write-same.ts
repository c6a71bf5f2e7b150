import type { Field, Layout } from '../../base/bytes/layout.ts';
import type { Pending } from '../../base/pending.ts';
import type { VolumeResult } from '../../volume/volume.ts';
import type { Command, CommandCall, Plan } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { contiguous } from '../data-buffers.ts';
import { WRITE_SAME_NON_ZERO } from '../limits.ts';
import { writeSameBlocksMax } from '../limits-in-blocks.ts';
import { conditions, invalidInCdb } from '../sense-table.ts';
import { OperationCode, WriteSame10, WriteSame16 } from '../standard/sbc.ts';
import { mediumOf } from './medium.ts';
import { inSteps } from './steps.ts';

type WriteSameLayout = Layout<
  Record<'logicalBlockAddress' | 'transferLength' | 'wrprotect' | 'anchor' | 'unmap', Field>
> & { readonly ndob?: Field };

/**
 * WRITE SAME (10) and (16): one block, repeated; with UNMAP and zeros the blocks are deallocated.
 */
export const writeSameCommands: readonly Command[] = [
  writeSame(OperationCode.writeSame10, WriteSame10),
  writeSame(OperationCode.writeSame16, WriteSame16),
];

function writeSame(operationCode: number, cdb: WriteSameLayout): Command {
  return {
    name: cdb.$.name,
    operationCode,
    cdb,
    access: 'writeMedium',
    reservations: 'write',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    expectedDataOut: 'exact',
    worksInSteps: true,
    plan: (call) => planWriteSame(call, cdb),
    run: (call) => runWriteSame(call, cdb),
  };
}

function planWriteSame(call: CommandCall, cdb: WriteSameLayout): Plan | CommandResult {
  const { task } = call;
  const logicalUnit = mediumOf(call);
  if (cdb.wrprotect.get(task.cdb) !== 0) return invalidInCdb(cdb.wrprotect);
  // ANC_SUP is 0: there are no anchored blocks.
  if (cdb.anchor.get(task.cdb) !== 0) return invalidInCdb(cdb.anchor);
  const lba = cdb.logicalBlockAddress.get(task.cdb);
  const blocks = cdb.transferLength.get(task.cdb);
  if (lba + blocks > logicalUnit.blocks) return conditions.lbaOutOfRange;
  if (blocks === 0 && WRITE_SAME_NON_ZERO) return invalidInCdb(cdb.transferLength);
  if (blocks > writeSameBlocksMax(logicalUnit)) return invalidInCdb(cdb.transferLength);
  if (hasNoData(cdb, task.cdb)) return { dataOut: 0, dataIn: 0 };
  return { dataOut: logicalUnit.blockLengthBytes, dataIn: 0 };
}

function runWriteSame(
  call: CommandCall,
  cdb: WriteSameLayout,
): Pending<VolumeResult | CommandResult> {
  const { task } = call;
  const { volume, blockLengthBytes, writesThrough } = mediumOf(call);
  const offset = cdb.logicalBlockAddress.get(task.cdb) * blockLengthBytes;
  const length = cdb.transferLength.get(task.cdb) * blockLengthBytes;
  const ranges = [{ offset, length }];
  const options = { fua: writesThrough };
  const pattern = hasNoData(cdb, task.cdb)
    ? undefined
    : contiguous(task.dataOut).subarray(0, blockLengthBytes);
  if (pattern !== undefined && !pattern.every((byte) => byte === 0)) {
    return inSteps(call, ranges, (at, step) => volume.writeSame(at, step, pattern, options));
  }
  if (cdb.unmap.get(task.cdb) === 1) {
    return inSteps(call, ranges, (at, step) => volume.unmap(at, step));
  }
  return inSteps(call, ranges, (at, step) => volume.writeZeroes(at, step, options));
}

/** NDOB: no data-out buffer; the block is all zeros. */
function hasNoData(cdb: WriteSameLayout, bytes: Uint8Array): boolean {
  return cdb.ndob !== undefined && cdb.ndob.get(bytes) === 1;
}
