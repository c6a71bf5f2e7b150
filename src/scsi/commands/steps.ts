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
 * Works through a range in steps of at most `stepBytes`. Between steps others get a turn, and an
 * aborted command stops. A range of one step is done in this turn if the medium does it so.
 */
export function inSteps(
  call: CommandCall,
  offset: number,
  length: number,
  step: Step,
  stepBytes = STEP_BYTES,
): Pending<VolumeResult | Ending> {
  if (length === 0) return DONE;
  if (length <= stepBytes) return step(offset, length);
  return manySteps(call, offset, offset + length, step, stepBytes);
}

async function manySteps(
  call: CommandCall,
  offset: number,
  end: number,
  step: Step,
  stepBytes: number,
): Promise<VolumeResult | Ending> {
  for (let at = offset; at < end; at += stepBytes) {
    if (call.task.state === 'aborted') return conditions.commandsClearedByDeviceServer;
    const pending = step(at, Math.min(stepBytes, end - at));
    const result = await pending;
    if (result.status !== 'done') return result;
    call.progressed();
    // A medium that answers at once would otherwise keep the event loop to the end.
    if (!(pending instanceof Promise)) await turn(call);
  }
  return DONE;
}

/** Lets what waits for the event loop go first. */
function turn(call: CommandCall): Promise<void> {
  return new Promise((resolve) => {
    call.nexus.clock.after(0, resolve);
  });
}
