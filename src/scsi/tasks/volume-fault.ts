import type { VolumeFault, VolumeResult } from '../../volume/volume.ts';
import type { CommandResult } from '../command-result.ts';
import { conditions, results, withInformation } from '../sense-table.ts';

/** The command result that reports each fault of a volume. */
const resultOfFault: Readonly<Record<VolumeFault, CommandResult>> = {
  outOfRange: conditions.lbaOutOfRange,
  refused: conditions.invalidFieldInCdb,
  readError: conditions.unrecoveredReadError,
  writeError: conditions.writeError,
  noSpace: conditions.spaceAllocationFailedWriteProtect,
  unservable: conditions.logicalUnitNotReadyManualInterventionRequired,
  fenced: conditions.noAdditionalSenseInformation,
  closed: conditions.noAdditionalSenseInformation,
  busy: results.busy,
  unsupported: conditions.invalidOperationCode,
};

/** The command result that a volume result maps to; a command result is returned unchanged. */
export function commandResultOf(result: CommandResult | VolumeResult): CommandResult {
  const { status } = result;
  if (typeof status === 'number') return result as CommandResult;
  switch (status) {
    case 'done':
      return results.good;
    case 'miscompare':
      return withInformation(conditions.miscompareDuringVerifyOperation, result.offset);
    default:
      return resultOfFault[status];
  }
}
