import { DONE } from '../../volume/volume.ts';
import { checkTransfer } from '../block-range.ts';
import type { Command } from '../command.ts';
import { slice } from '../data-buffers.ts';
import { compareAndWriteBlocksMax } from '../limits-in-blocks.ts';
import { invalidInCdb } from '../sense-table.ts';
import { CompareAndWrite, OperationCode } from '../standard/sbc.ts';
import { mediumOf } from './medium.ts';

/**
 * COMPARE AND WRITE: the store compares and writes in one atomic step, also against writes of other
 * gateways. Data-out is the compare instance, then the write instance.
 */
export const compareAndWriteCommand: Command = {
  name: CompareAndWrite.$.name,
  operationCode: OperationCode.compareAndWrite,
  cdb: CompareAndWrite,
  access: 'writeMedium',
  reservations: 'write',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  // A partial comparison would prove nothing.
  expectedDataOut: 'exact',
  settlesWhenAborted: true,
  plan: (call) => {
    const { task } = call;
    const logicalUnit = mediumOf(call);
    if (CompareAndWrite.wrprotect.get(task.cdb) !== 0) {
      return invalidInCdb(CompareAndWrite.wrprotect);
    }
    const field = CompareAndWrite.numberOfLogicalBlocks;
    const lba = CompareAndWrite.logicalBlockAddress.get(task.cdb);
    const blocks = field.get(task.cdb);
    const blocksMax = compareAndWriteBlocksMax(logicalUnit);
    const refusal = checkTransfer(logicalUnit, lba, blocks, blocksMax, field);
    if (refusal !== undefined) return refusal;
    const dataOut = 2 * blocks * logicalUnit.blockLengthBytes;
    // Data for zero blocks: for example, a count of 256 did not fit into the field.
    if (blocks === 0 && task.dataOutExpected > 0) return invalidInCdb(field);
    return { dataOut, dataIn: 0 };
  },
  run: (call) => {
    const { task } = call;
    const { volume, blockLengthBytes, writesThrough } = mediumOf(call);
    const half = task.transferLength / 2;
    if (half === 0) return DONE;
    const offset = CompareAndWrite.logicalBlockAddress.get(task.cdb) * blockLengthBytes;
    const fua = CompareAndWrite.fua.get(task.cdb) === 1;
    const durable = fua || writesThrough;
    const compare = slice(task.dataOut, 0, half);
    const write = slice(task.dataOut, half, 2 * half);
    return volume.compareAndWrite(offset, compare, write, { fua: durable });
  },
};
