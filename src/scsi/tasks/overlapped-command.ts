import type { Clock } from '../../base/clock.ts';
import { type CommandRow, toRow } from '../command-row.ts';
import { testUnitReadyCommand } from '../commands/test-unit-ready.ts';
import { conditions } from '../sense-table.ts';
import { type Abort, awaitAborts } from './abort-settlement.ts';

/**
 * The row of a command whose tag another command already has (SAM: an overlapped command). The
 * command moves no data and waits in its task set, so it ages, can be aborted, and owns the tag. It
 * ends only when the aborts are over: its initiator may then repeat what was aborted, and an older
 * write must not land on a newer one.
 */
export function overlappedCommand(clock: Clock, aborts: readonly Abort[]): CommandRow {
  // Other overlapped commands are left out: in a full window each would wait for all before it.
  const withMedium = aborts.filter(({ waitsOnly }) => !waitsOnly);
  return toRow({
    ...testUnitReadyCommand,
    name: 'overlapped command',
    addressing: 'anyLun',
    reservations: 'allowed',
    run: () => awaitAborts(clock, withMedium).then(() => conditions.overlappedCommandsAttempted),
  });
}
