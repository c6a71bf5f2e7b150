import { assert } from '../../base/assert.ts';
import { ByteWriter } from '../../base/bytes/byte-writer.ts';
import type { Command, CommandCall } from '../command.ts';
import { encodeLun } from '../lun.ts';
import { answer, returning } from '../parameter-data.ts';
import { conditions, invalidInCdb } from '../sense-table.ts';
import { ReportLunsCdb, SelectReport } from '../standard/spc.ts';

/**
 * REPORT LUNS: the LUNs that this initiator reaches. Works on every LUN, also when LUN 0 is empty.
 */
export const reportLunsCommand: Command = {
  name: ReportLunsCdb.$.name,
  operationCode: 0xa0,
  cdb: ReportLunsCdb,
  access: 'none',
  reservations: 'allowed',
  addressing: 'anyLun',
  unitAttention: 'ignore',
  plan: ({ task }) => {
    if (ReportLunsCdb.selectReport.get(task.cdb) > SelectReport.all) {
      return invalidInCdb(ReportLunsCdb.selectReport);
    }
    return returning(ReportLunsCdb.allocationLength.get(task.cdb));
  },
  run: (call) => {
    const { cdb } = call.task;
    const writer = new ByteWriter();
    // LUN LIST LENGTH, and four reserved bytes that it does not count.
    const luns = lunList(call);
    writer.u32(luns.length).zeros(4).bytes(luns);
    call.nexus.clearUnitAttentions(conditions.reportedLunsDataHasChanged);
    return answer(call, writer.finish(), ReportLunsCdb.allocationLength.get(cdb));
  },
};

/** There are no well known logical units. */
function lunList({ task, nexus }: CommandCall): Uint8Array {
  const writer = new ByteWriter();
  const selected = ReportLunsCdb.selectReport.get(task.cdb);
  if (selected === SelectReport.wellKnownLogicalUnits) return writer.finish();
  let before = -1;
  for (const lun of nexus.luns) {
    assert(lun > before, 'LUNs ascend, each once');
    before = lun;
    writer.bytes(encodeLun(lun));
  }
  return writer.finish();
}
