import type { CommandResult } from '../command-result.ts';
import { type CommandRow, toRow } from '../command-row.ts';
import { testUnitReadyCommand } from '../commands/test-unit-ready.ts';

/**
 * The row of a command that shared state forbids, as this gateway remembers it: it moves no data,
 * and waits in its task set until the memory is known to have been true.
 */
export function refusedCommand(refusal: CommandResult): CommandRow {
  return toRow({
    ...testUnitReadyCommand,
    name: 'refused command',
    addressing: 'anyLun',
    reservations: 'allowed',
    run: () => refusal,
  });
}
