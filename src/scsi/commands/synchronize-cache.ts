import type { Field, Layout } from '../../base/bytes/layout.ts';
import { checkRange } from '../block-range.ts';
import type { Command } from '../command.ts';
import { OperationCode, SynchronizeCache10, SynchronizeCache16 } from '../standard/sbc.ts';
import { mediumOf, writeCache } from './medium.ts';

type RangeLayout = Layout<Record<'logicalBlockAddress' | 'transferLength', Field>>;

/**
 * SYNCHRONIZE CACHE (10) and (16). The whole cache is written, whatever the range; also with IMMED
 * the status waits. SBC allows that, and only such a status proves something.
 */
export const synchronizeCacheCommands: readonly Command[] = [
  synchronizeCache(OperationCode.synchronizeCache10, SynchronizeCache10),
  synchronizeCache(OperationCode.synchronizeCache16, SynchronizeCache16),
];

function synchronizeCache(operationCode: number, cdb: RangeLayout): Command {
  return {
    name: cdb.$.name,
    operationCode,
    cdb,
    access: 'none',
    reservations: 'write',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    plan: (call) => {
      const lba = cdb.logicalBlockAddress.get(call.task.cdb);
      const blocks = cdb.transferLength.get(call.task.cdb);
      return checkRange(mediumOf(call), lba, blocks) ?? { dataOut: 0, dataIn: 0 };
    },
    run: (call) => writeCache(mediumOf(call)),
  };
}
