import type { VolumeFault, VolumeResult } from '../volume/volume.ts';
import type { Ending } from './ending.ts';
import { conditions, endings, withInformation } from './sense-table.ts';

/** What an initiator is told of each fault of a medium. */
const endingOfFault: Readonly<Record<VolumeFault, Ending>> = {
  outOfRange: conditions.lbaOutOfRange,
  refused: conditions.invalidFieldInCdb,
  readError: conditions.unrecoveredReadError,
  writeError: conditions.writeError,
  noSpace: conditions.spaceAllocationFailedWriteProtect,
  unservable: conditions.logicalUnitNotReadyManualInterventionRequired,
  fenced: conditions.noAdditionalSenseInformation,
  closed: conditions.noAdditionalSenseInformation,
  busy: endings.busy,
  unsupported: conditions.invalidOperationCode,
};

/** The ending that a result of the volume stands for; an ending stands for itself. */
export function endingOf(result: Ending | VolumeResult): Ending {
  const { status } = result;
  if (typeof status === 'number') return result as Ending;
  switch (status) {
    case 'done':
      return endings.good;
    case 'miscompare':
      return withInformation(conditions.miscompareDuringVerifyOperation, result.offset);
    default:
      return endingOfFault[status];
  }
}
