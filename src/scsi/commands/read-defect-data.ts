import type { Field, Layout } from '../../base/bytes/layout.ts';
import type { Command } from '../command.ts';
import { answer, returning } from '../parameter-data.ts';
import {
  DefectList10,
  DefectList12,
  OperationCode,
  ReadDefectData10,
  ReadDefectData12,
} from '../standard/sbc.ts';

type DefectField = 'defectListFormat' | 'plistv' | 'glistv';
type ReadDefectDataLayout = Layout<
  Record<'reqPlist' | 'reqGlist' | 'defectListFormat' | 'allocationLength', Field>
>;

/**
 * READ DEFECT DATA (10) and (12): the lists that are asked for are valid and empty, in the format
 * that is asked for. What stores the data looks after its own defects.
 */
export const readDefectDataCommands: readonly Command[] = [
  readDefectData(OperationCode.readDefectData10, ReadDefectData10, DefectList10),
  readDefectData(OperationCode.readDefectData12, ReadDefectData12, DefectList12),
];

function readDefectData(
  operationCode: number,
  cdb: ReadDefectDataLayout,
  list: Layout<Record<DefectField, Field>>,
): Command {
  return {
    name: cdb.$.name,
    operationCode,
    cdb,
    access: 'none',
    reservations: 'read',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    plan: ({ task }) => returning(cdb.allocationLength.get(task.cdb)),
    run: (call) => {
      const bytes = call.task.cdb;
      const data = new Uint8Array(list.$.length);
      list.plistv.set(data, cdb.reqPlist.get(bytes));
      list.glistv.set(data, cdb.reqGlist.get(bytes));
      list.defectListFormat.set(data, cdb.defectListFormat.get(bytes));
      return answer(call, data, cdb.allocationLength.get(bytes));
    },
  };
}
