import type { Field, Layout } from '../../base/bytes/layout.ts';
import type { Pending } from '../../base/pending.ts';
import type { Command, CommandCall, Plan } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import type { ModeParameters } from '../mode-parameters.ts';
import { applyModeParameterList, type ModeListHeader } from '../pages/mode-parameter-list.ts';
import { NO_DATA, parameterList, taking } from '../parameter-data.ts';
import { isForbidden } from '../reservations/restrictions.ts';
import { invalidInCdb, results } from '../sense-table.ts';
import { ModeHeader6, ModeHeader10, ModeSelect6Cdb, ModeSelect10Cdb } from '../standard/mode.ts';
import { modesSelected } from '../unit-changes.ts';
import type { UnitChange } from '../unit-state.ts';
import { mediumOf } from './medium.ts';

type ModeSelectCdb = Layout<Record<'pf' | 'sp' | 'parameterListLength', Field>>;

/** MODE SELECT (6) and (10). A list is applied whole or not at all; SP saves all pages with it. */
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
    reservations: 'write',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    plan: (call) => planModeSelect(call, cdb),
    run: (call) => runModeSelect(call, cdb, header),
  };
}

function planModeSelect({ task }: CommandCall, cdb: ModeSelectCdb): Plan | CommandResult {
  const length = cdb.parameterListLength.get(task.cdb);
  if (length === 0) return NO_DATA;
  // PF 0 means that all pages are vendor specific, and this device server has none of those.
  if (cdb.pf.get(task.cdb) === 0) return invalidInCdb(cdb.pf);
  return taking(length);
}

function runModeSelect(
  call: CommandCall,
  cdb: ModeSelectCdb,
  header: ModeListHeader,
): Pending<CommandResult> {
  const { task, nexus } = call;
  const length = cdb.parameterListLength.get(task.cdb);
  const isSaved = cdb.sp.get(task.cdb) === 1;
  if (length === 0 && !isSaved) return results.good;
  // A copy: the list may be applied again after the transport's buffers are released.
  const list = parameterList(task, length).slice();
  const change: UnitChange = (state) => {
    // A reservation may have come before the change, since the command began.
    if (isForbidden(state.reservations, nexus.session, 'write')) return results.reservationConflict;
    const next: ModeParameters = { ...state.modes.current };
    const refusal = length === 0 ? undefined : applyModeParameterList(list, header, state, next);
    return refusal ?? modesSelected(state, next, isSaved);
  };
  return mediumOf(call).commit(change, call);
}
