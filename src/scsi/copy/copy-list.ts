import type { CommandResult } from '../command-result.ts';
import { atParameter, conditions, invalidInParameterList } from '../sense-table.ts';
import {
  BlockToBlockSegment,
  CopyListHead,
  CSCD_DESCRIPTOR_BYTES,
  CSCD_DESIGNATOR_BYTE,
  CSCD_DESIGNATOR_LENGTH_MAX,
  CscdType,
  IdentificationCscd,
  ListIdUsage,
  OffsetSegment,
  SEGMENT_LENGTH_BASE,
  SegmentHead,
  SegmentType,
} from '../standard/third-party-copy.ts';
import { CSCDS_MAX, DESCRIPTOR_LIST_BYTES_MAX, SEGMENTS_MAX } from './copy-limits.ts';

/** A copy source or copy destination, as its initiator names it. */
export interface Cscd {
  readonly codeSet: number;
  readonly designatorType: number;
  readonly designator: Uint8Array;
  /** 0: not given. */
  readonly blockLengthBytes: number;
}

/** One segment, in the units of its descriptor. */
export interface Segment {
  /** Where its descriptor begins in the parameter list. */
  readonly at: number;
  readonly source: number;
  readonly destination: number;
  readonly sourceLba: number;
  readonly destinationLba: number;
  readonly sourceByteOffset: number;
  readonly destinationByteOffset: number;
  readonly length: SegmentLength;
}

/** Blocks are those of the destination where the descriptor says so (DC), else of the source. */
type SegmentLength =
  | { readonly blocks: number; readonly ofDestination: boolean }
  | { readonly bytes: number };

export interface CopyList {
  readonly listId: number;
  /** False: the initiator will not ask for the copy by its list identifier. */
  readonly hasListId: boolean;
  readonly cscds: readonly Cscd[];
  readonly segments: readonly Segment[];
}

/** The parameter list of EXTENDED COPY (LID1); a result is the refusal of a malformed list. */
export function parseCopyList(list: Uint8Array): CopyList | CommandResult {
  const head = CopyListHead.$.length;
  if (list.length < head) return conditions.parameterListLengthError;
  const cscdBytes = CopyListHead.cscdDescriptorListLength.get(list);
  const segmentBytes = CopyListHead.segmentDescriptorListLength.get(list);
  if (CopyListHead.inlineDataLength.get(list) !== 0) {
    return pointingAt(conditions.inlineDataLengthExceeded, CopyListHead.inlineDataLength);
  }
  const isTooLong = cscdBytes + segmentBytes > DESCRIPTOR_LIST_BYTES_MAX;
  if (isTooLong || head + cscdBytes + segmentBytes > list.length) {
    return conditions.parameterListLengthError;
  }
  const usage = CopyListHead.listIdUsage.get(list);
  if (usage === ListIdUsage.reserved) return invalidInParameterList(CopyListHead.listIdUsage);
  const cscds = parseCscds(list, head, cscdBytes);
  if (!Array.isArray(cscds)) return cscds as CommandResult;
  const segments = parseSegments(list, head + cscdBytes, segmentBytes);
  if (!Array.isArray(segments)) return segments as CommandResult;
  return {
    listId: CopyListHead.listIdentifier.get(list),
    hasListId: usage !== ListIdUsage.none,
    cscds,
    segments,
  };
}

function parseCscds(list: Uint8Array, start: number, bytes: number): Cscd[] | CommandResult {
  if (bytes % CSCD_DESCRIPTOR_BYTES !== 0) {
    return invalidInParameterList(CopyListHead.cscdDescriptorListLength);
  }
  if (bytes > CSCDS_MAX * CSCD_DESCRIPTOR_BYTES) {
    return pointingAt(conditions.tooManyTargetDescriptors, CopyListHead.cscdDescriptorListLength);
  }
  const cscds: Cscd[] = [];
  for (let at = start; at < start + bytes; at += CSCD_DESCRIPTOR_BYTES) {
    if (IdentificationCscd.descriptorTypeCode.get(list, at) !== CscdType.identification) {
      return atParameter(conditions.unsupportedTargetDescriptorTypeCode, at);
    }
    const length = IdentificationCscd.designatorLength.get(list, at);
    if (length === 0 || length > CSCD_DESIGNATOR_LENGTH_MAX) {
      return invalidInParameterList(IdentificationCscd.designatorLength, at);
    }
    const designator = at + CSCD_DESIGNATOR_BYTE;
    cscds.push({
      codeSet: IdentificationCscd.codeSet.get(list, at),
      designatorType: IdentificationCscd.designatorType.get(list, at),
      designator: list.slice(designator, designator + length),
      blockLengthBytes: IdentificationCscd.diskBlockLength.get(list, at),
    });
  }
  return cscds;
}

function parseSegments(list: Uint8Array, start: number, bytes: number): Segment[] | CommandResult {
  const end = start + bytes;
  const segments: Segment[] = [];
  for (let at = start; at < end; ) {
    if (segments.length === SEGMENTS_MAX) {
      const field = CopyListHead.segmentDescriptorListLength;
      return pointingAt(conditions.tooManySegmentDescriptors, field);
    }
    if (at + SegmentHead.$.length > end) {
      return invalidInParameterList(CopyListHead.segmentDescriptorListLength);
    }
    const type = SegmentHead.descriptorTypeCode.get(list, at);
    const whole = SEGMENT_BYTES[type];
    if (whole === undefined) {
      return atParameter(conditions.unsupportedSegmentDescriptorTypeCode, at);
    }
    const length = SegmentHead.descriptorLength.get(list, at);
    if (length !== whole - SEGMENT_LENGTH_BASE || at + whole > end) {
      return invalidInParameterList(SegmentHead.descriptorLength, at);
    }
    segments.push(segmentOf(list, at, type));
    at += whole;
  }
  return segments;
}

/** The length of a segment descriptor, with its head, by its type. */
const SEGMENT_BYTES: Readonly<Record<number, number>> = {
  [SegmentType.blockToBlock]: BlockToBlockSegment.$.length,
  [SegmentType.blockToBlockWithOffset]: OffsetSegment.$.length,
};

function segmentOf(list: Uint8Array, at: number, type: number): Segment {
  const source = SegmentHead.sourceCscdDescriptorId.get(list, at);
  const destination = SegmentHead.destinationCscdDescriptorId.get(list, at);
  if (type === SegmentType.blockToBlock) {
    return {
      at,
      source,
      destination,
      sourceLba: BlockToBlockSegment.sourceBlockDeviceLogicalBlockAddress.get(list, at),
      destinationLba: BlockToBlockSegment.destinationBlockDeviceLogicalBlockAddress.get(list, at),
      sourceByteOffset: 0,
      destinationByteOffset: 0,
      length: {
        blocks: BlockToBlockSegment.blockDeviceNumberOfBlocks.get(list, at),
        ofDestination: SegmentHead.dc.get(list, at) === 1,
      },
    };
  }
  return {
    at,
    source,
    destination,
    sourceLba: OffsetSegment.sourceBlockDeviceLogicalBlockAddress.get(list, at),
    destinationLba: OffsetSegment.destinationBlockDeviceLogicalBlockAddress.get(list, at),
    sourceByteOffset: OffsetSegment.sourceBlockDeviceByteOffset.get(list, at),
    destinationByteOffset: OffsetSegment.destinationBlockDeviceByteOffset.get(list, at),
    length: { bytes: OffsetSegment.numberOfBytes.get(list, at) },
  };
}

function pointingAt(condition: CommandResult, field: { readonly byte: number }): CommandResult {
  return atParameter(condition, field.byte);
}
