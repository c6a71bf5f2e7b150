import type { Pending } from '../../base/pending.ts';
import type { VolumeResult } from '../../volume/volume.ts';
import type { CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { STEP_BYTES } from '../limits.ts';
import type { ByteRange } from '../tasks/queued-steps.ts';

/** Changes ranges of the medium in steps. */
export function inSteps(
  call: CommandCall,
  ranges: readonly ByteRange[],
  step: (offset: number, length: number) => Pending<VolumeResult | CommandResult>,
  atOnce = 1,
): Pending<VolumeResult | CommandResult> {
  return call.nexus.steps.run(call, {
    ranges,
    stepBytes: STEP_BYTES,
    atOnce,
    step,
  });
}
