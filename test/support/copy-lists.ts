import {
  BlockToBlockSegment,
  CopyListHead,
  CSCD_DESIGNATOR_BYTE,
  CscdType,
  IdentificationCscd,
  ListIdUsage,
  OffsetSegment,
  SEGMENT_LENGTH_BASE,
  SegmentHead,
  SegmentType,
} from '../../src/scsi/standard/third-party-copy.ts';
import { CodeSet, DesignatorType } from '../../src/scsi/standard/vpd.ts';

export interface TestSegment {
  readonly source?: number;
  readonly destination?: number;
  readonly sourceLba?: number;
  readonly destinationLba?: number;
  readonly blocks?: number;
  /** Makes it a segment with byte offsets. */
  readonly bytes?: number;
  readonly sourceByteOffset?: number;
}

export interface TestCopyList {
  readonly listId?: number;
  readonly usage?: number;
  /** NAA designators. */
  readonly units: readonly Uint8Array[];
  readonly blockLengthBytes?: number;
  readonly segments: readonly TestSegment[];
}

/** A parameter list of EXTENDED COPY (LID1). */
export function copyList(list: TestCopyList): Uint8Array {
  const cscds = list.units.map((naa) => cscdOf(naa, list.blockLengthBytes ?? 0));
  const segments = list.segments.map(segmentOf);
  const head = new Uint8Array(CopyListHead.$.length);
  CopyListHead.listIdentifier.set(head, list.listId ?? 1);
  CopyListHead.listIdUsage.set(head, list.usage ?? ListIdUsage.hold);
  CopyListHead.cscdDescriptorListLength.set(head, lengthOf(cscds));
  CopyListHead.segmentDescriptorListLength.set(head, lengthOf(segments));
  return Buffer.concat([head, ...cscds, ...segments]);
}

/** The CDB of EXTENDED COPY (LID1) with a parameter list of that many bytes. */
export function extendedCopy(listBytes: number): number[] {
  return [0x83, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, listBytes >> 8, listBytes & 0xff, 0, 0];
}

function cscdOf(naa: Uint8Array, blockLengthBytes: number): Uint8Array {
  const bytes = new Uint8Array(IdentificationCscd.$.length);
  IdentificationCscd.descriptorTypeCode.set(bytes, CscdType.identification);
  IdentificationCscd.codeSet.set(bytes, CodeSet.binary);
  IdentificationCscd.designatorType.set(bytes, DesignatorType.naa);
  IdentificationCscd.designatorLength.set(bytes, naa.length);
  bytes.set(naa, CSCD_DESIGNATOR_BYTE);
  IdentificationCscd.diskBlockLength.set(bytes, blockLengthBytes);
  return bytes;
}

function segmentOf(segment: TestSegment): Uint8Array {
  const isOffset = segment.bytes !== undefined;
  const fields = isOffset ? OffsetSegment : BlockToBlockSegment;
  const bytes = new Uint8Array(fields.$.length);
  const type = isOffset ? SegmentType.blockToBlockWithOffset : SegmentType.blockToBlock;
  SegmentHead.descriptorTypeCode.set(bytes, type);
  SegmentHead.descriptorLength.set(bytes, bytes.length - SEGMENT_LENGTH_BASE);
  SegmentHead.sourceCscdDescriptorId.set(bytes, segment.source ?? 0);
  SegmentHead.destinationCscdDescriptorId.set(bytes, segment.destination ?? 0);
  fields.sourceBlockDeviceLogicalBlockAddress.set(bytes, segment.sourceLba ?? 0);
  fields.destinationBlockDeviceLogicalBlockAddress.set(bytes, segment.destinationLba ?? 0);
  if (isOffset) {
    OffsetSegment.numberOfBytes.set(bytes, segment.bytes ?? 0);
    OffsetSegment.sourceBlockDeviceByteOffset.set(bytes, segment.sourceByteOffset ?? 0);
  } else {
    BlockToBlockSegment.blockDeviceNumberOfBlocks.set(bytes, segment.blocks ?? 0);
  }
  return bytes;
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
