import type { Field, Layout } from '../../base/bytes/layout.ts';
import { checkRange } from '../block-range.ts';
import type { Command } from '../command.ts';
import { endings } from '../sense-table.ts';
import { OperationCode, PreFetch10, PreFetch16 } from '../standard/sbc.ts';
import { mediumOf } from './medium.ts';

type RangeLayout = Layout<Record<'logicalBlockAddress' | 'transferLength', Field>>;

/**
 * PRE-FETCH (10) and (16). The cache is that of the store, as large as it pleases: CONDITION MET,
 * the blocks fit in it.
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
    addressing: 'logicalUnit',
    unitAttention: 'report',
    plan: (call) => {
      const lba = cdb.logicalBlockAddress.get(call.task.cdb);
      const blocks = cdb.transferLength.get(call.task.cdb);
      return checkRange(mediumOf(call), lba, blocks) ?? { dataOut: 0, dataIn: 0 };
    },
    run: () => endings.conditionMet,
  };
}
