import { DONE } from '../../volume/volume.ts';
import type { Command } from '../command.ts';
import { atomicWriteBlocks } from '../limits-in-blocks.ts';
import { conditions, invalidInCdb } from '../sense-table.ts';
import { OperationCode, WriteAtomic16 } from '../standard/sbc.ts';
import { mediumOf } from './medium.ts';
import { planWrite, storeDataOut } from './write.ts';

/**
 * WRITE ATOMIC (16): the medium changes a range that does not cross an atomic boundary in one
 * operation, so reads and failures see all of the data or none.
 */
export const writeAtomicCommand: Command = {
  name: WriteAtomic16.$.name,
  operationCode: OperationCode.writeAtomic16,
  cdb: WriteAtomic16,
  access: 'writeMedium',
  reservations: 'write',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  expectedDataOut: 'exact',
  // What an abort ends must not have changed a block: it is performed as a whole instead.
  settlesWhenAborted: true,
  plan: (call) => {
    const unitBlocks = atomicWriteBlocks(mediumOf(call));
    if (unitBlocks === 0) return conditions.invalidOperationCode;
    const { cdb } = call.task;
    const { wrprotect, atomicBoundary, logicalBlockAddress, transferLength } = WriteAtomic16;
    if (wrprotect.get(cdb) !== 0) return invalidInCdb(wrprotect);
    // MAXIMUM ATOMIC BOUNDARY SIZE is 0.
    if (atomicBoundary.get(cdb) !== 0) return invalidInCdb(atomicBoundary);
    const lba = logicalBlockAddress.get(cdb);
    const blocks = transferLength.get(cdb);
    const plan = planWrite(call, lba, blocks, transferLength);
    if ('status' in plan) return plan;
    if (blocks !== 0 && blocks !== unitBlocks) return invalidInCdb(transferLength);
    return lba % unitBlocks === 0 ? plan : invalidInCdb(logicalBlockAddress);
  },
  run: (call) => {
    const { cdb, transferLength } = call.task;
    if (transferLength === 0) return DONE;
    const lba = WriteAtomic16.logicalBlockAddress.get(cdb);
    const offset = lba * mediumOf(call).blockLengthBytes;
    return storeDataOut(call, offset, WriteAtomic16.fua.get(cdb) === 1);
  },
};
