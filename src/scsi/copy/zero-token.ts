import type { CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { STEP_BYTES } from '../limits.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import { results } from '../sense-table.ts';
import type { ByteRange } from '../tasks/queued-steps.ts';
import { CopyParticipant } from './copy-participant.ts';

/** Makes holes of ranges of the unit: what the token of zeros writes. */
export async function writeZeros(
  call: CommandCall,
  unit: LogicalUnit,
  ranges: readonly ByteRange[],
): Promise<CommandResult> {
  const destination = new CopyParticipant(call, unit, 'destination');
  if (destination.obstacle !== undefined) return destination.obstacle;
  const result = await call.nexus.steps.run(destination.call, {
    ...{ ranges, stepBytes: STEP_BYTES, atOnce: 1 },
    step: (offset, length) => destination.obstacle ?? unit.volume.unmap(offset, length),
  });
  if (result.status !== 'done') destination.failed(result);
  const { obstacle } = destination;
  destination.end();
  return obstacle ?? results.good;
}
