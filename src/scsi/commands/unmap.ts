import type { Pending } from '../../base/pending.ts';
import type { VolumeResult } from '../../volume/volume.ts';
import { DONE } from '../../volume/volume.ts';
import type { BlockRun } from '../block-range.ts';
import type { Command, CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { contiguous } from '../data-buffers.ts';
import { UNMAP_DESCRIPTOR_COUNT_MAX, UNMAP_STEPS_AT_ONCE } from '../limits.ts';
import { unmapBlocksMax } from '../limits-in-blocks.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import { conditions, invalidInCdb, invalidInParameterList } from '../sense-table.ts';
import { OperationCode, Unmap, UnmapBlockDescriptor, UnmapParameterList } from '../standard/sbc.ts';
import { mediumOf } from './medium.ts';
import { inSteps } from './steps.ts';

/**
 * UNMAP: the ranges read as zeros afterwards. Every range is checked before the first is unmapped.
 */
export const unmapCommand: Command = {
  name: Unmap.$.name,
  operationCode: OperationCode.unmap,
  cdb: Unmap,
  access: 'writeMedium',
  reservations: 'write',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  worksInSteps: true,
  plan: (call) => {
    if (Unmap.anchor.get(call.task.cdb) !== 0) return invalidInCdb(Unmap.anchor);
    return { dataOut: Unmap.parameterListLength.get(call.task.cdb), dataIn: 0 };
  },
  run: (call) => {
    const { task } = call;
    const logicalUnit = mediumOf(call);
    // A PARAMETER LIST LENGTH of zero is not an error, and unmaps nothing.
    if (task.transferLength === 0) return DONE;
    const list = contiguous(task.dataOut).subarray(0, task.transferLength);
    const runs = parse(list, logicalUnit);
    return Array.isArray(runs) ? unmapAll(call, logicalUnit, runs) : (runs as CommandResult);
  },
};

function parse(list: Uint8Array, logicalUnit: LogicalUnit): BlockRun[] | CommandResult {
  const head = UnmapParameterList.$.length;
  if (list.length < head) return conditions.parameterListLengthError;
  const descriptorBytes = UnmapParameterList.unmapBlockDescriptorDataLength.get(list);
  const size = UnmapBlockDescriptor.$.length;
  // SBC: an incomplete descriptor at the end is ignored.
  const count = Math.floor(Math.min(descriptorBytes, list.length - head) / size);
  if (count > UNMAP_DESCRIPTOR_COUNT_MAX) {
    return invalidInParameterList(UnmapParameterList.unmapBlockDescriptorDataLength);
  }
  const runs: BlockRun[] = [];
  let total = 0;
  for (let i = 0; i < count; i++) {
    const at = head + i * size;
    const lba = UnmapBlockDescriptor.unmapLogicalBlockAddress.get(list, at);
    const blocks = UnmapBlockDescriptor.numberOfLogicalBlocks.get(list, at);
    if (lba + blocks > logicalUnit.blocks) return conditions.lbaOutOfRange;
    total += blocks;
    if (total > unmapBlocksMax(logicalUnit)) {
      return invalidInParameterList(UnmapBlockDescriptor.numberOfLogicalBlocks, at);
    }
    if (blocks > 0) runs.push({ lba, blocks });
  }
  return runs;
}

/** Several ranges at a time: each costs a round trip where the medium is a cluster. */
function unmapAll(
  call: CommandCall,
  { volume, blockLengthBytes }: LogicalUnit,
  runs: readonly BlockRun[],
): Pending<VolumeResult | CommandResult> {
  const ranges = joined(runs).map(({ lba, blocks }) => ({
    offset: lba * blockLengthBytes,
    length: blocks * blockLengthBytes,
  }));
  return inSteps(call, ranges, (at, step) => volume.unmap(at, step), UNMAP_STEPS_AT_ONCE);
}

/** The same blocks in order; ranges that touch or overlap become one run. */
function joined(runs: readonly BlockRun[]): readonly BlockRun[] {
  const result: BlockRun[] = [];
  for (const run of [...runs].sort((a, b) => a.lba - b.lba)) {
    const last = result.at(-1);
    if (last === undefined || last.lba + last.blocks < run.lba) {
      result.push(run);
    } else {
      const end = Math.max(last.lba + last.blocks, run.lba + run.blocks);
      result[result.length - 1] = { lba: last.lba, blocks: end - last.lba };
    }
  }
  return result;
}
