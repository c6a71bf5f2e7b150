import type { Command, CommandCall, Plan } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { encodeLogPage, type LogPage } from '../pages/log-page.ts';
import { logPagesOf } from '../pages/log-pages.ts';
import { answer, returning } from '../parameter-data.ts';
import { invalidInCdb } from '../sense-table.ts';
import { LogSenseCdb } from '../standard/log.ts';
import { mediumOf } from './medium.ts';

/** LOG SENSE: pages without subpages; all values are current ones, whatever PC asks for. */
export const logSenseCommand: Command = {
  name: LogSenseCdb.$.name,
  operationCode: 0x4d,
  cdb: LogSenseCdb,
  access: 'none',
  reservations: 'allowed',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  plan,
  run: (call) => {
    const page = pageOf(call);
    if (page === undefined) return invalidInCdb(LogSenseCdb.pageCode);
    const pointer = LogSenseCdb.parameterPointer.get(call.task.cdb);
    const data = encodeLogPage(page, mediumOf(call), pointer);
    return answer(call, data, LogSenseCdb.allocationLength.get(call.task.cdb));
  },
};

function plan(call: CommandCall): Plan | CommandResult {
  const { cdb } = call.task;
  // Nothing can be saved.
  if (LogSenseCdb.sp.get(cdb) !== 0) return invalidInCdb(LogSenseCdb.sp);
  const page = pageOf(call);
  if (page === undefined) return invalidInCdb(LogSenseCdb.pageCode);
  if (LogSenseCdb.subpageCode.get(cdb) !== 0) return invalidInCdb(LogSenseCdb.subpageCode);
  const codeMax = page.parameters?.(mediumOf(call)).at(-1)?.code ?? 0;
  if (LogSenseCdb.parameterPointer.get(cdb) > codeMax) {
    return invalidInCdb(LogSenseCdb.parameterPointer);
  }
  return returning(LogSenseCdb.allocationLength.get(cdb));
}

function pageOf(call: CommandCall): LogPage | undefined {
  const code = LogSenseCdb.pageCode.get(call.task.cdb);
  return logPagesOf(mediumOf(call)).find(({ pageCode }) => pageCode === code);
}
