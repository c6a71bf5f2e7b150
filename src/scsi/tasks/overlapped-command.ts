import type { Clock } from '../../base/clock.ts';
import type { CommandRow } from '../command-row.ts';
import { conditions } from '../sense-table.ts';
import type { Abort } from './abort-settlement.ts';
import { lateResult } from './late-result.ts';

/**
 * The row of a command whose tag another command already has (SAM: an overlapped command). It ends
 * only when the aborts are over: its initiator may then repeat what was aborted, and an older write
 * must not land on a newer one.
 */
export function overlappedCommand(clock: Clock, aborts: readonly Abort[]): CommandRow {
  // Other overlapped commands are left out: in a full window each would wait for all before it.
  const withMedium = aborts.filter(({ waitsOnly }) => !waitsOnly);
  return lateResult(
    'overlapped command',
    clock,
    withMedium,
    conditions.overlappedCommandsAttempted,
  );
}
