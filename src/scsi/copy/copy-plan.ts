import type { CommandResult } from '../command-result.ts';
import { logicalUnitDesignators } from '../designators.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import { atParameter, atSegment, conditions } from '../sense-table.ts';
import {
  BlockToBlockSegment,
  CSCD_ID_OF_THIS_UNIT,
  OffsetSegment,
  SegmentHead,
} from '../standard/third-party-copy.ts';
import { SEGMENT_BYTES_MAX } from './copy-limits.ts';
import type { CopyList, Cscd, Segment } from './copy-list.ts';

/** A segment that can be copied, in bytes of the media. */
export interface PlannedSegment {
  readonly source: LogicalUnit;
  readonly destination: LogicalUnit;
  readonly sourceOffset: number;
  readonly destinationOffset: number;
  readonly length: number;
}

/** What a copy can reach. */
interface CopyReach {
  /** The logical unit that the command was sent to. */
  readonly thisUnit: LogicalUnit;
  /**
   * The logical units in the LUN map of the nexus, and no others: an initiator that may use one
   * disk must not read or write all disks of the gateway.
   */
  readonly units: readonly LogicalUnit[];
}

/**
 * The segments as work for media, all of them checked before the first byte moves. A result is COPY
 * ABORTED with the number of the first segment that cannot be copied.
 */
export function planCopy(list: CopyList, reach: CopyReach): PlannedSegment[] | CommandResult {
  const units = list.cscds.map((cscd) => unitOf(cscd, reach.units));
  const planned: PlannedSegment[] = [];
  for (const [number, segment] of list.segments.entries()) {
    const result = planSegment(segment, (id) => resolve(id, units, reach), list.cscds);
    if ('status' in result) return atSegment(result, number);
    planned.push(result);
  }
  return planned;
}

function resolve(
  id: number,
  units: readonly (LogicalUnit | undefined)[],
  { thisUnit }: CopyReach,
): LogicalUnit | undefined {
  return id === CSCD_ID_OF_THIS_UNIT ? thisUnit : units[id];
}

function planSegment(
  segment: Segment,
  resolved: (id: number) => LogicalUnit | undefined,
  cscds: readonly Cscd[],
): PlannedSegment | CommandResult {
  const { at } = segment;
  const source = resolved(segment.source);
  if (source === undefined) return unreachable(at, SegmentHead.sourceCscdDescriptorId);
  const destination = resolved(segment.destination);
  if (destination === undefined) return unreachable(at, SegmentHead.destinationCscdDescriptorId);
  const told = [cscds[segment.source], cscds[segment.destination]];
  const isBlockLengthTrue = [source, destination].every((unit, i) => {
    const blockLength = told[i]?.blockLengthBytes ?? 0;
    return blockLength === 0 || blockLength === unit.blockLengthBytes;
  });
  if (!isBlockLengthTrue) return atParameter(conditions.unexpectedInexactSegment, at);
  const length = lengthOf(segment, source, destination);
  const sourceOffset = segment.sourceLba * source.blockLengthBytes + segment.sourceByteOffset;
  const destinationOffset =
    segment.destinationLba * destination.blockLengthBytes + segment.destinationByteOffset;
  return (
    misfit(segment, source, sourceOffset, length, 'source') ??
    misfit(segment, destination, destinationOffset, length, 'destination') ?? {
      source,
      destination,
      sourceOffset,
      destinationOffset,
      length,
    }
  );
}

function lengthOf({ length }: Segment, source: LogicalUnit, destination: LogicalUnit): number {
  if ('bytes' in length) return length.bytes;
  const { blockLengthBytes } = length.ofDestination ? destination : source;
  return length.blocks * blockLengthBytes;
}

/** Why the bytes cannot be copied from, or to, that unit. */
function misfit(
  { at }: Segment,
  unit: LogicalUnit,
  offset: number,
  length: number,
  side: 'source' | 'destination',
): CommandResult | undefined {
  if (length > SEGMENT_BYTES_MAX) {
    return atParameter(conditions.copyAborted, at + OffsetSegment.numberOfBytes.byte);
  }
  const isWhole = offset % unit.blockLengthBytes === 0 && length % unit.blockLengthBytes === 0;
  if (!isWhole) return atParameter(conditions.unexpectedInexactSegment, at);
  if (offset + length > unit.blocks * unit.blockLengthBytes) {
    // Both kinds of segment have the addresses in the same place.
    const field =
      side === 'source'
        ? BlockToBlockSegment.sourceBlockDeviceLogicalBlockAddress
        : BlockToBlockSegment.destinationBlockDeviceLogicalBlockAddress;
    return atParameter(conditions.copyAborted, at + field.byte);
  }
  return undefined;
}

function unreachable(at: number, field: { readonly byte: number }): CommandResult {
  return atParameter(conditions.unreachableCopyTarget, at + field.byte);
}

/** The unit that has that designator. */
function unitOf(cscd: Cscd, units: readonly LogicalUnit[]): LogicalUnit | undefined {
  return units.find((unit) =>
    logicalUnitDesignators(unit.identity).some(
      ({ type, codeSet, value }) =>
        type === cscd.designatorType &&
        codeSet === cscd.codeSet &&
        Buffer.compare(value, cscd.designator) === 0,
    ),
  );
}
