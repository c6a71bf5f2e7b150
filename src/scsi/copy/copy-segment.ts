import type { Pending } from '../../base/pending.ts';
import { map } from '../../base/pending.ts';
import { DONE, type VolumeResult } from '../../volume/volume.ts';
import type { CommandResult } from '../command-result.ts';
import { STEP_BYTES, VERIFY_STEP_BYTES } from '../limits.ts';
import type { ByteRange } from '../tasks/queued-steps.ts';
import { COPY_STEPS_AT_ONCE, HOLE_SEARCH_BYTES, HOLE_SEARCH_EXTENTS_MAX } from './copy-limits.ts';
import type { CopyParticipant } from './copy-participant.ts';
import type { PlannedSegment } from './copy-plan.ts';

type StepResult = VolumeResult | CommandResult;

/** A copy at work: the command that asked for it, and its commands at the units of one segment. */
interface SegmentCopy {
  readonly segment: PlannedSegment;
  readonly source: CopyParticipant;
  readonly destination: CopyParticipant;
  /** Called after each step, with the bytes that it copied. */
  progressed(bytes: number): void;
}

/**
 * Copies one segment in steps, which take turns with those of other commands. Holes of the source
 * become holes of the destination, except where the two ranges overlap.
 */
export async function copySegment(copy: SegmentCopy): Promise<StepResult> {
  const { segment } = copy;
  if (isOverlapping(segment)) return await copyOverlapping(copy);
  for (let done = 0; done < segment.length; ) {
    const obstacle = obstacleOf(copy);
    if (obstacle !== undefined) return obstacle;
    const length = Math.min(segment.length - done, HOLE_SEARCH_BYTES);
    const { volume } = segment.source;
    const { result, extents } = await volume.allocation(
      segment.sourceOffset + done,
      length,
      HOLE_SEARCH_EXTENTS_MAX,
    );
    if (result.status !== 'done') return result;
    for (const { allocated, ...extent } of extents) {
      const ranges = [toDestination(segment, extent)];
      const copied = allocated
        ? await copyData(copy, ranges, COPY_STEPS_AT_ONCE)
        : await punch(copy, ranges);
      if (copied.status !== 'done') return copied;
      done += extent.length;
    }
  }
  return DONE;
}

function isOverlapping(segment: PlannedSegment): boolean {
  const { source, destination, sourceOffset, destinationOffset, length } = segment;
  return source === destination && Math.abs(sourceOffset - destinationOffset) < length;
}

/** One step after the other, from the end that no earlier step has overwritten. */
async function copyOverlapping(copy: SegmentCopy): Promise<StepResult> {
  const { sourceOffset, destinationOffset, length } = copy.segment;
  const ranges: ByteRange[] = [];
  for (let at = 0; at < length; at += VERIFY_STEP_BYTES) {
    const offset = destinationOffset + at;
    ranges.push({ offset, length: Math.min(VERIFY_STEP_BYTES, length - at) });
  }
  if (destinationOffset > sourceOffset) ranges.reverse();
  return await copyData(copy, ranges, 1);
}

function toDestination(segment: PlannedSegment, { offset, length }: ByteRange): ByteRange {
  return { offset: offset - segment.sourceOffset + segment.destinationOffset, length };
}

/** Reads and writes the ranges, which are those of the destination. */
function copyData(
  copy: SegmentCopy,
  ranges: readonly ByteRange[],
  atOnce: number,
): Pending<StepResult> {
  const { segment, destination } = copy;
  const { sourceOffset, destinationOffset } = segment;
  return inSteps(copy, ranges, VERIFY_STEP_BYTES, atOnce, async (at, length) => {
    const { buffers } = destination.call.nexus.steps;
    const slab = buffers.take();
    const data = [slab.bytes.subarray(0, length)];
    try {
      const read = await segment.source.volume.read(at - destinationOffset + sourceOffset, data);
      if (read.status !== 'done') return read;
      const obstacle = obstacleOf(copy);
      if (obstacle !== undefined) return obstacle;
      const { volume, modes } = segment.destination;
      const fua = volume.limits.volatileCache && !modes.wce;
      return await volume.write(at, data, { fua });
    } finally {
      slab.release();
    }
  });
}

/** Makes holes of the ranges. */
function punch(copy: SegmentCopy, ranges: readonly ByteRange[]): Pending<StepResult> {
  const { volume } = copy.segment.destination;
  return inSteps(copy, ranges, STEP_BYTES, 1, (at, length) => volume.unmap(at, length));
}

function inSteps(
  copy: SegmentCopy,
  ranges: readonly ByteRange[],
  stepBytes: number,
  atOnce: number,
  step: (offset: number, length: number) => Pending<StepResult>,
): Pending<StepResult> {
  const obstacle = obstacleOf(copy);
  if (obstacle !== undefined) return obstacle;
  const { call } = copy.destination;
  return call.nexus.steps.run(call, {
    ranges,
    stepBytes,
    atOnce,
    step: (at, length) => {
      const mayNot = obstacleOf(copy);
      if (mayNot !== undefined) return mayNot;
      return map(step(at, length), (result) => {
        if (result.status === 'done') copy.progressed(length);
        return result;
      });
    },
  });
}

/** Why the copy must stop: at any of its units, or because its own command was aborted. */
function obstacleOf({ source, destination }: SegmentCopy): CommandResult | undefined {
  return destination.obstacle ?? source.obstacle;
}
