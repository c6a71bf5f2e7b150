import type { Field, Layout } from '../../base/bytes/layout.ts';
import type { Pending } from '../../base/pending.ts';
import type { VolumeResult } from '../../volume/volume.ts';
import { DONE } from '../../volume/volume.ts';
import { checkTransfer } from '../block-range.ts';
import type { Command, CommandCall, Plan } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { slice, totalLength } from '../data-buffers.ts';
import { READ_STEP_BYTES, READ_STEPS_AT_ONCE } from '../limits.ts';
import { transferBlocksMax } from '../limits-in-blocks.ts';
import { invalidInCdb } from '../sense-table.ts';
import { OperationCode, Read6, Read10, Read12, Read16 } from '../standard/sbc.ts';
import { lba6, mediumOf, transferLength6 } from './medium.ts';

type ReadLayout = Layout<
  Record<'logicalBlockAddress' | 'transferLength' | 'rdprotect' | 'fua', Field>
>;

/** READ (6), (10), (12) and (16): from the medium straight into the transport's buffers. */
export const readCommands: readonly Command[] = [
  read6(),
  read(OperationCode.read10, Read10),
  read(OperationCode.read12, Read12),
  read(OperationCode.read16, Read16),
];

function read(operationCode: number, cdb: ReadLayout): Command {
  return {
    name: cdb.$.name,
    operationCode,
    cdb,
    access: 'readMedium',
    reservations: 'read',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    plan: (call) => {
      const bytes = call.task.cdb;
      if (cdb.rdprotect.get(bytes) !== 0) return invalidInCdb(cdb.rdprotect);
      const lba = cdb.logicalBlockAddress.get(bytes);
      return planRead(call, lba, cdb.transferLength.get(bytes), cdb.transferLength);
    },
    run: (call) => {
      const bytes = call.task.cdb;
      const { volume, blockLengthBytes } = mediumOf(call);
      const offset = cdb.logicalBlockAddress.get(bytes) * blockLengthBytes;
      if (cdb.fua.get(bytes) === 0) return transfer(call, offset);
      // FORCE UNIT ACCESS: the data read must be on the medium, not only in a volatile cache.
      return volume.limits.volatileCache ? flushFirst(call, offset) : transfer(call, offset);
    },
  };
}

function read6(): Command {
  return {
    name: Read6.$.name,
    operationCode: OperationCode.read6,
    cdb: Read6,
    access: 'readMedium',
    reservations: 'read',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    plan: (call) =>
      planRead(call, lba6(call.task.cdb), transferLength6(call.task.cdb), Read6.transferLength),
    run: (call) => transfer(call, lba6(call.task.cdb) * mediumOf(call).blockLengthBytes),
  };
}

function planRead(
  call: CommandCall,
  lba: number,
  blocks: number,
  field: Field,
): Plan | CommandResult {
  const logicalUnit = mediumOf(call);
  const refusal = checkTransfer(logicalUnit, lba, blocks, transferBlocksMax(logicalUnit), field);
  return refusal ?? { dataOut: 0, dataIn: blocks * logicalUnit.blockLengthBytes };
}

/** Reads as much of what the CDB asks for as the initiator takes. */
function transfer(call: CommandCall, offset: number): Pending<VolumeResult | CommandResult> {
  const { task } = call;
  const { volume, blockLengthBytes } = mediumOf(call);
  const length = Math.min(task.transferLength, task.dataInExpected);
  if (length === 0) return DONE;
  const room = task.allocateDataIn(length);
  const part = length % blockLengthBytes;
  // The initiator takes a part of the last block, but the medium returns whole blocks.
  const into = part === 0 ? room : [...room, new Uint8Array(blockLengthBytes - part)];
  return length <= READ_STEP_BYTES ? volume.read(offset, into) : inSteps(call, offset, into);
}

function inSteps(
  call: CommandCall,
  offset: number,
  into: readonly Uint8Array[],
): Pending<VolumeResult | CommandResult> {
  const { volume } = mediumOf(call);
  return call.nexus.steps.run(call, {
    ranges: [{ offset, length: totalLength(into) }],
    stepBytes: READ_STEP_BYTES,
    atOnce: READ_STEPS_AT_ONCE,
    step: (at, step) => volume.read(at, slice(into, at - offset, at - offset + step)),
  });
}

function flushFirst(call: CommandCall, offset: number): Pending<VolumeResult | CommandResult> {
  const flushed = mediumOf(call).volume.flush();
  const next = (result: VolumeResult) =>
    result.status === 'done' ? transfer(call, offset) : result;
  return flushed instanceof Promise ? flushed.then(next) : next(flushed);
}
