import type { Field, Layout } from '../../base/bytes/layout.ts';
import type { Command, CommandCall, Plan } from '../command.ts';
import type { Ending } from '../ending.ts';
import type { ModeParameters } from '../mode-state.ts';
import { applyModeParameterList, type ModeListHeader } from '../pages/mode-parameter-list.ts';
import { NO_DATA, parameterList, taking } from '../parameter-data.ts';
import { conditions, endings, invalidInCdb } from '../sense-table.ts';
import { ModeHeader6, ModeHeader10, ModeSelect6Cdb, ModeSelect10Cdb } from '../standard/mode.ts';
import { mediumOf } from './medium.ts';

type ModeSelectCdb = Layout<Record<'pf' | 'sp' | 'parameterListLength', Field>>;

/** MODE SELECT (6) and (10). A list is applied whole or not at all. */
export const modeSelectCommands: readonly Command[] = [
  modeSelect(0x15, ModeSelect6Cdb, ModeHeader6),
  modeSelect(0x55, ModeSelect10Cdb, ModeHeader10),
];

function modeSelect(operationCode: number, cdb: ModeSelectCdb, header: ModeListHeader): Command {
  return {
    name: cdb.$.name,
    operationCode,
    cdb,
    access: 'changeState',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    plan: (call) => planModeSelect(call, cdb),
    run: (call) => runModeSelect(call, cdb, header),
  };
}

function planModeSelect({ task }: CommandCall, cdb: ModeSelectCdb): Plan | Ending {
  if (cdb.sp.get(task.cdb) === 1) return invalidInCdb(cdb.sp);
  const length = cdb.parameterListLength.get(task.cdb);
  if (length === 0) return NO_DATA;
  // PF 0 means that all pages are vendor specific, and there are no such.
  if (cdb.pf.get(task.cdb) === 0) return invalidInCdb(cdb.pf);
  return taking(length);
}

function runModeSelect(call: CommandCall, cdb: ModeSelectCdb, header: ModeListHeader): Ending {
  const { task, nexus } = call;
  const logicalUnit = mediumOf(call);
  const length = cdb.parameterListLength.get(task.cdb);
  if (length === 0) return endings.good;
  const { current } = logicalUnit.mode;
  const next: ModeParameters = { ...current };
  const refusal = applyModeParameterList(parameterList(task, length), header, logicalUnit, next);
  if (refusal !== undefined) return refusal;
  if (isSame(current, next)) return endings.good;
  Object.assign(current, next);
  nexus.tellOthers(logicalUnit, conditions.modeParametersChanged);
  return endings.good;
}

function isSame(left: ModeParameters, right: ModeParameters): boolean {
  return (Object.keys(left) as (keyof ModeParameters)[]).every((key) => left[key] === right[key]);
}
