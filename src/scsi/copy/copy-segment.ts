import type { Pending } from '../../base/pending.ts';
import { DONE, type Extent, type WriteOptions } from '../../volume/volume.ts';
import { VERIFY_STEP_BYTES } from '../limits.ts';
import type { ByteRange } from '../tasks/queued-steps.ts';
import { COPY_STEPS_AT_ONCE, HOLE_SEARCH_BYTES, HOLE_SEARCH_EXTENTS_MAX } from './copy-limits.ts';
import type { PlannedSegment } from './copy-plan.ts';
import { inSteps, obstacleOf, type SegmentCopy, type StepResult, submit } from './copy-steps.ts';

interface FoundExtents {
  readonly result: StepResult;
  readonly extents: readonly Extent[];
}

/**
 * Copies one segment in steps, which take turns with those of other commands. Holes of the source
 * become holes of the destination, except where the two ranges overlap.
 */
export async function copySegment(copy: SegmentCopy): Promise<StepResult> {
  const { segment } = copy;
  if (isOverlapping(segment)) return await copyOverlapping(copy);
  for (let done = 0; done < segment.length; ) {
    const { result, extents } = await nextExtents(copy, done);
    if (result.status !== 'done') return result;
    for (const { allocated, ...extent } of extents) {
      const ranges = [toDestination(segment, extent)];
      const copied = allocated ? await copyData(copy, ranges) : await punch(copy, ranges);
      if (copied.status !== 'done') return copied;
      done += extent.length;
    }
  }
  return DONE;
}

/**
 * The extents of the source that follow. The search is a step like others, because the medium may
 * have to look at many objects.
 */
async function nextExtents(copy: SegmentCopy, done: number): Promise<FoundExtents> {
  const { source, sourceOffset, length } = copy.segment;
  let extents: readonly Extent[] = [];
  const result = await submit(copy, {
    ranges: [{ offset: sourceOffset + done, length: Math.min(length - done, HOLE_SEARCH_BYTES) }],
    stepBytes: HOLE_SEARCH_BYTES,
    atOnce: 1,
    step: async (at, bytes) => {
      const found = await source.volume.allocation(at, bytes, HOLE_SEARCH_EXTENTS_MAX);
      extents = found.extents;
      const { result: end } = found;
      return end.status === 'done' ? end : copy.source.failed(end);
    },
  });
  return { result, extents };
}

function isOverlapping(segment: PlannedSegment): boolean {
  const { source, destination, sourceOffset, destinationOffset, length } = segment;
  return source === destination && Math.abs(sourceOffset - destinationOffset) < length;
}

/** One piece after the other, from the end that no earlier one has overwritten. */
async function copyOverlapping(copy: SegmentCopy): Promise<StepResult> {
  const { sourceOffset, destinationOffset, length } = copy.segment;
  const ranges: ByteRange[] = [];
  for (let at = 0; at < length; at += VERIFY_STEP_BYTES) {
    const offset = destinationOffset + at;
    ranges.push({ offset, length: Math.min(VERIFY_STEP_BYTES, length - at) });
  }
  if (destinationOffset > sourceOffset) ranges.reverse();
  return await inSteps(copy, ranges, 1, (at, bytes) => readAndWrite(copy, at, bytes));
}

function toDestination(segment: PlannedSegment, { offset, length }: ByteRange): ByteRange {
  return { offset: offset - segment.sourceOffset + segment.destinationOffset, length };
}

/** Copies these ranges of the destination; within the store if it can. */
function copyData(copy: SegmentCopy, ranges: readonly ByteRange[]): Pending<StepResult> {
  const { source, destination, sourceOffset, destinationOffset } = copy.segment;
  return inSteps(copy, ranges, COPY_STEPS_AT_ONCE, async (at, length) => {
    const from = at - destinationOffset + sourceOffset;
    const { volume } = destination;
    const result = await volume.copyFrom(source.volume, from, at, length, options(copy));
    return result.status === 'unsupported' ? await readAndWrite(copy, at, length) : result;
  });
}

/** Reads and writes a range of the destination, piece by piece, through one buffer. */
async function readAndWrite(
  copy: SegmentCopy,
  offset: number,
  length: number,
): Promise<StepResult> {
  const { source, destination, sourceOffset, destinationOffset } = copy.segment;
  const slab = copy.destination.call.nexus.steps.buffers.take();
  try {
    for (let at = offset; at < offset + length; at += slab.bytes.length) {
      const piece = [slab.bytes.subarray(0, Math.min(slab.bytes.length, offset + length - at))];
      const read = await source.volume.read(at - destinationOffset + sourceOffset, piece);
      if (read.status !== 'done') return copy.source.failed(read);
      const obstacle = obstacleOf(copy);
      if (obstacle !== undefined) return obstacle;
      const written = await destination.volume.write(at, piece, options(copy));
      if (written.status !== 'done') return written;
    }
    return DONE;
  } finally {
    slab.release();
  }
}

/** A volatile cache that initiators have disabled must not hold acknowledged data. */
function options({ segment: { destination } }: SegmentCopy): WriteOptions {
  return { fua: destination.writesThrough };
}

/** Makes holes of the ranges. */
function punch(copy: SegmentCopy, ranges: readonly ByteRange[]): Pending<StepResult> {
  const { volume } = copy.segment.destination;
  return inSteps(copy, ranges, 1, (at, length) => volume.unmap(at, length));
}
