import type { Pending } from '../../base/pending.ts';
import { map } from '../../base/pending.ts';
import type { VolumeResult } from '../../volume/volume.ts';
import type { CommandResult } from '../command-result.ts';
import { STEP_BYTES } from '../limits.ts';
import type { ByteRange, SteppedWork } from '../tasks/queued-steps.ts';
import type { CopyParticipant } from './copy-participant.ts';
import type { PlannedSegment } from './copy-plan.ts';

export type StepResult = VolumeResult | CommandResult;

/** A copy at work: the command that asked for it, and its commands at the units of one segment. */
export interface SegmentCopy {
  readonly segment: PlannedSegment;
  readonly source: CopyParticipant;
  readonly destination: CopyParticipant;
  /** Called after each step, with the bytes that it copied. */
  progressed(bytes: number): void;
}

/** Changes ranges of the destination. */
export function inSteps(
  copy: SegmentCopy,
  ranges: readonly ByteRange[],
  atOnce: number,
  step: SteppedWork['step'],
): Pending<StepResult> {
  return submit(copy, {
    ranges,
    stepBytes: STEP_BYTES,
    atOnce,
    step: (at, length) =>
      map(step(at, length), (result) => {
        if (result.status === 'done') copy.progressed(length);
        return result;
      }),
  });
}

/** Each step is submitted only while nothing stops the copy. */
export function submit(copy: SegmentCopy, work: SteppedWork): Pending<StepResult> {
  const obstacle = obstacleOf(copy);
  if (obstacle !== undefined) return obstacle;
  const { call } = copy.destination;
  return call.nexus.steps.run(call, {
    ...work,
    step: (at, length) => obstacleOf(copy) ?? work.step(at, length),
  });
}

/** Why the copy must stop: at any of its units, or because its own command was aborted. */
export function obstacleOf({ source, destination }: SegmentCopy): CommandResult | undefined {
  return destination.obstacle ?? source.obstacle;
}
