import type { BlockRun } from '../block-range.ts';
import type { CommandResult } from '../command-result.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import { conditions, invalidInParameterList } from '../sense-table.ts';
import { WriteUsingTokenHead } from '../standard/rod-token.ts';
import type { ByteRange } from '../tasks/queued-steps.ts';
import type { PlannedSegment } from './copy-plan.ts';
import type { TokenContent } from './rod-tokens.ts';
import type { TokenWrite } from './token-lists.ts';

/** A write of what a token represents. */
interface TokenCopy {
  readonly content: TokenContent;
  readonly write: TokenWrite;
  readonly destination: LogicalUnit;
  /**
   * The logical units in the LUN map of the nexus, and no others: a token gives no access to a disk
   * that its user could not read.
   */
  readonly units: readonly LogicalUnit[];
}

/** The segments of that write, in the order of its ranges; a result is its refusal. */
export function planTokenWrite(copy: TokenCopy): PlannedSegment[] | CommandResult {
  const { content, write, destination, units } = copy;
  const source = units.find(({ identity }) => identity.uuid === content.uuid);
  if (source === undefined) return conditions.tokenUnknown;
  // The disk has shrunk since.
  if (content.ranges.some(({ lba, blocks }) => lba + blocks > source.blocks)) {
    return conditions.tokenRevoked;
  }
  const from = inBytes(content.ranges, source);
  const to = inBytes(write.ranges, destination);
  const offset = write.offsetBlocks * destination.blockLengthBytes;
  if (offset + lengthOf(to) > lengthOf(from)) {
    return invalidInParameterList(WriteUsingTokenHead.offsetIntoRod);
  }
  const segments = joined(paired(behind(from, offset), to)).map((segment) => ({
    ...segment,
    source,
    destination,
  }));
  const isWhole = segments.every((segment) => isInBlocks(segment));
  return isWhole && !overwritesItself(segments)
    ? segments
    : invalidInParameterList(WriteUsingTokenHead.rangeDescriptorLength);
}

interface Piece {
  readonly sourceOffset: number;
  readonly destinationOffset: number;
  readonly length: number;
}

export function inBytes(runs: readonly BlockRun[], unit: LogicalUnit): ByteRange[] {
  const { blockLengthBytes } = unit;
  return runs.map(({ lba, blocks }) => ({
    offset: lba * blockLengthBytes,
    length: blocks * blockLengthBytes,
  }));
}

function lengthOf(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { length }) => sum + length, 0);
}

/** What is left of the ranges behind so many bytes. */
function behind(ranges: readonly ByteRange[], bytes: number): ByteRange[] {
  let left = bytes;
  return ranges.flatMap(({ offset, length }) => {
    const skipped = Math.min(left, length);
    left -= skipped;
    return skipped === length ? [] : [{ offset: offset + skipped, length: length - skipped }];
  });
}

/** Each byte of the destination with its byte of the source, which has at least as many. */
function paired(from: readonly ByteRange[], to: readonly ByteRange[]): Piece[] {
  const pieces: Piece[] = [];
  let [at, used] = [0, 0];
  for (const { offset, length } of to) {
    for (let done = 0; done < length; ) {
      const range = from[at]!;
      const step = Math.min(length - done, range.length - used);
      pieces.push({
        sourceOffset: range.offset + used,
        destinationOffset: offset + done,
        length: step,
      });
      done += step;
      used += step;
      if (used === range.length) [at, used] = [at + 1, 0];
    }
  }
  return pieces;
}

/** Pieces that continue each other at both ends are one. */
function joined(pieces: readonly Piece[]): Piece[] {
  const result: Piece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    const continues =
      last !== undefined &&
      last.sourceOffset + last.length === piece.sourceOffset &&
      last.destinationOffset + last.length === piece.destinationOffset;
    if (!continues) result.push(piece);
    else result[result.length - 1] = { ...last, length: last.length + piece.length };
  }
  return result;
}

function isInBlocks({ source, destination, ...piece }: PlannedSegment): boolean {
  const { sourceOffset, destinationOffset, length } = piece;
  const isAt = (offset: number, unit: LogicalUnit) =>
    offset % unit.blockLengthBytes === 0 && length % unit.blockLengthBytes === 0;
  return isAt(sourceOffset, source) && isAt(destinationOffset, destination);
}

/** A segment would read what an earlier one has written. */
function overwritesItself(segments: readonly PlannedSegment[]): boolean {
  return segments.some((later, i) =>
    segments.slice(0, i).some((earlier) => {
      const start = earlier.destinationOffset;
      return (
        later.source === earlier.destination &&
        later.sourceOffset < start + earlier.length &&
        start < later.sourceOffset + later.length
      );
    }),
  );
}
