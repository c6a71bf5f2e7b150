import type { Field, Layout } from '../../base/bytes/layout.ts';
import type { Pending } from '../../base/pending.ts';
import type { VolumeResult } from '../../volume/volume.ts';
import { DONE } from '../../volume/volume.ts';
import type { Command, CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { invalidInCdb } from '../sense-table.ts';
import {
  OperationCode,
  WriteAndVerify10,
  WriteAndVerify12,
  WriteAndVerify16,
} from '../standard/sbc.ts';
import { mediumOf } from './medium.ts';
import { ByteCheck, verifyMedium } from './verify.ts';
import { planWrite, storeDataOut } from './write.ts';

type WriteAndVerifyLayout = Layout<
  Record<'logicalBlockAddress' | 'transferLength' | 'wrprotect' | 'bytchk', Field>
>;

/** WRITE AND VERIFY (10), (12) and (16): written to stable storage, read back, compared. */
export const writeAndVerifyCommands: readonly Command[] = [
  writeAndVerify(OperationCode.writeAndVerify10, WriteAndVerify10),
  writeAndVerify(OperationCode.writeAndVerify12, WriteAndVerify12),
  writeAndVerify(OperationCode.writeAndVerify16, WriteAndVerify16),
];

function writeAndVerify(operationCode: number, cdb: WriteAndVerifyLayout): Command {
  return {
    name: cdb.$.name,
    operationCode,
    cdb,
    access: 'writeMedium',
    reservations: 'write',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    expectedDataOut: 'less',
    worksInSteps: true,
    plan: (call) => {
      const bytes = call.task.cdb;
      if (cdb.wrprotect.get(bytes) !== 0) return invalidInCdb(cdb.wrprotect);
      if (cdb.bytchk.get(bytes) > ByteCheck.data) return invalidInCdb(cdb.bytchk);
      const lba = cdb.logicalBlockAddress.get(bytes);
      return planWrite(call, lba, cdb.transferLength.get(bytes), cdb.transferLength);
    },
    run: (call) => {
      const bytes = call.task.cdb;
      const offset = cdb.logicalBlockAddress.get(bytes) * mediumOf(call).blockLengthBytes;
      return writeThenVerify(call, offset, cdb.bytchk.get(bytes));
    },
  };
}

function writeThenVerify(
  call: CommandCall,
  offset: number,
  byteCheck: number,
): Pending<VolumeResult | CommandResult> {
  const { task } = call;
  const length = Math.min(task.transferLength, task.dataOutExpected);
  const verify = (result: VolumeResult | CommandResult): Pending<VolumeResult | CommandResult> =>
    result.status === 'done' ? verifyMedium(call, offset, length, byteCheck) : result;
  if (length === 0) return DONE;
  // One step: the initiator's data is written as a whole, as by WRITE.
  const written = call.nexus.steps.run(call, {
    ranges: [{ offset, length }],
    stepBytes: length,
    atOnce: 1,
    step: () => storeDataOut(call, offset, true),
  });
  return written instanceof Promise ? written.then(verify) : verify(written);
}
