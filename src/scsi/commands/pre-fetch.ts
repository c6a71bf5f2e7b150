import type { Field, Layout } from '../../base/bytes/layout.ts';
import { DONE } from '../../volume/volume.ts';
import { checkRange } from '../block-range.ts';
import type { Command } from '../command.ts';
import { OperationCode, PreFetch10, PreFetch16 } from '../standard/sbc.ts';
import { mediumOf } from './medium.ts';

type RangeLayout = Layout<Record<'logicalBlockAddress' | 'transferLength', Field>>;

/**
 * PRE-FETCH (10) and (16). The cache is that of the store: nothing can be promised about what it
 * holds, so the answer is GOOD (SBC: not all blocks fit), never CONDITION MET.
 */
export const preFetchCommands: readonly Command[] = [
  preFetch(OperationCode.preFetch10, PreFetch10),
  preFetch(OperationCode.preFetch16, PreFetch16),
];

function preFetch(operationCode: number, cdb: RangeLayout): Command {
  return {
    name: cdb.$.name,
    operationCode,
    cdb,
    access: 'readMedium',
    reservations: 'read',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    plan: (call) => {
      const lba = cdb.logicalBlockAddress.get(call.task.cdb);
      const blocks = cdb.transferLength.get(call.task.cdb);
      return checkRange(mediumOf(call), lba, blocks) ?? { dataOut: 0, dataIn: 0 };
    },
    run: () => DONE,
  };
}
