import type { Clock } from '../../base/clock.ts';
import type { CommandResult } from '../command-result.ts';
import { type CommandRow, toRow } from '../command-row.ts';
import { testUnitReadyCommand } from '../commands/test-unit-ready.ts';
import { type Abort, awaitAborts } from './abort-settlement.ts';

/**
 * The row of a command whose result is known before it begins. It ends with it when the aborts are
 * over. The command moves no data and waits in its task set, so it ages, can be aborted, and owns
 * its tag.
 */
export function lateResult(
  name: string | undefined,
  clock: Clock,
  aborts: readonly Abort[],
  result: CommandResult,
): CommandRow {
  return toRow({
    ...testUnitReadyCommand,
    name: name ?? 'unknown command',
    addressing: 'anyLun',
    reservations: 'allowed',
    run: () => awaitAborts(clock, aborts).then(() => result),
  });
}
