import type { Field, Layout } from '../../base/bytes/layout.ts';
import type { Pending } from '../../base/pending.ts';
import type { VolumeResult, WriteOptions } from '../../volume/volume.ts';
import { DONE } from '../../volume/volume.ts';
import { checkTransfer } from '../block-range.ts';
import type { Command, CommandCall, Plan } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { slice } from '../data-buffers.ts';
import { transferBlocksMax } from '../limits-in-blocks.ts';
import { conditions, invalidInCdb } from '../sense-table.ts';
import { OperationCode, Write6, Write10, Write12, Write16 } from '../standard/sbc.ts';
import { lba6, mediumOf, transferLength6 } from './medium.ts';
import { writePart } from './write-part.ts';

type WriteLayout = Layout<
  Record<'logicalBlockAddress' | 'transferLength' | 'wrprotect' | 'fua', Field>
>;

/** WRITE (6), (10), (12) and (16): from the transport's buffers straight to the medium. */
export const writeCommands: readonly Command[] = [
  write6(),
  write(OperationCode.write10, Write10),
  write(OperationCode.write12, Write12),
  write(OperationCode.write16, Write16),
];

const FORCE_UNIT_ACCESS: WriteOptions = { fua: true };
const CACHED: WriteOptions = {};

function write(operationCode: number, cdb: WriteLayout): Command {
  return {
    name: cdb.$.name,
    operationCode,
    cdb,
    access: 'writeMedium',
    reservations: 'write',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    expectedDataOut: 'less',
    plan: (call) => {
      const bytes = call.task.cdb;
      if (cdb.wrprotect.get(bytes) !== 0) return invalidInCdb(cdb.wrprotect);
      const lba = cdb.logicalBlockAddress.get(bytes);
      return planWrite(call, lba, cdb.transferLength.get(bytes), cdb.transferLength);
    },
    run: (call) => {
      const bytes = call.task.cdb;
      const offset = cdb.logicalBlockAddress.get(bytes) * mediumOf(call).blockLengthBytes;
      return storeDataOut(call, offset, cdb.fua.get(bytes) === 1);
    },
  };
}

function write6(): Command {
  return {
    name: Write6.$.name,
    operationCode: OperationCode.write6,
    cdb: Write6,
    access: 'writeMedium',
    reservations: 'write',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    expectedDataOut: 'less',
    plan: (call) =>
      planWrite(call, lba6(call.task.cdb), transferLength6(call.task.cdb), Write6.transferLength),
    run: (call) => storeDataOut(call, lba6(call.task.cdb) * mediumOf(call).blockLengthBytes, false),
  };
}

/** The checks that every command with blocks as data-out shares. */
export function planWrite(
  call: CommandCall,
  lba: number,
  blocks: number,
  field: Field,
): Plan | CommandResult {
  const logicalUnit = mediumOf(call);
  const refusal = checkTransfer(logicalUnit, lba, blocks, transferBlocksMax(logicalUnit), field);
  return refusal ?? { dataOut: blocks * logicalUnit.blockLengthBytes, dataIn: 0 };
}

/**
 * Writes as much of what the CDB asks for as the initiator sent: the transport reports the
 * difference as a residual.
 */
export function storeDataOut(
  call: CommandCall,
  offset: number,
  fua: boolean,
): Pending<VolumeResult | CommandResult> {
  const { task } = call;
  const logicalUnit = mediumOf(call);
  const { volume, blockLengthBytes } = logicalUnit;
  const length = Math.min(task.transferLength, task.dataOutExpected);
  if (length === 0) return DONE;
  // A volatile cache that the initiator has disabled must not hold acknowledged data.
  const durable = fua || logicalUnit.writesThrough;
  const options = durable ? FORCE_UNIT_ACCESS : CACHED;
  const from = slice(task.dataOut, 0, length);
  const part = length % blockLengthBytes;
  if (part === 0) return volume.write(offset, from, options);
  if (volume.limits.compareAndWriteMaxBytes < blockLengthBytes) {
    return conditions.invalidFieldInCommandInformationUnit;
  }
  return writePart(call, offset, from, length, options);
}
