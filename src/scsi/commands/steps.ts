import type { Pending } from '../../base/pending.ts';
import type { VolumeResult } from '../../volume/volume.ts';
import { DONE } from '../../volume/volume.ts';
import type { CommandCall } from '../command.ts';
import type { Ending } from '../ending.ts';
import { STEP_BYTES } from '../limits.ts';
import { conditions } from '../sense-table.ts';

/** One step of a long operation. */
export type Step = (offset: number, length: number) => Pending<VolumeResult | Ending>;

/**
 * Works through a range in steps of at most `STEP_BYTES`. Between steps others get a turn, and an
 * aborted command stops. A range of one step is done in this turn if the medium does it so.
 */
export function inSteps(
  call: CommandCall,
  offset: number,
  length: number,
  step: Step,
): Pending<VolumeResult | Ending> {
  if (length === 0) return DONE;
  if (length <= STEP_BYTES) return step(offset, length);
  return manySteps(call, offset, length, step);
}

async function manySteps(
  call: CommandCall,
  offset: number,
  length: number,
  step: Step,
): Promise<VolumeResult | Ending> {
  const end = offset + length;
  for (let at = offset; at < end; at += STEP_BYTES) {
    if (call.task.state === 'aborted') return conditions.commandsClearedByDeviceServer;
    const result = await step(at, Math.min(STEP_BYTES, end - at));
    if (result.status !== 'done') return result;
    await turn(call);
  }
  return DONE;
}

/** Lets what waits for the event loop go first. */
export function turn(call: CommandCall): Promise<void> {
  return new Promise((resolve) => {
    call.nexus.clock.after(0, resolve);
  });
}
