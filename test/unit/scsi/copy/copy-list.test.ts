// Proves that a parameter list of EXTENDED COPY is taken whole or refused: every length, truncation
// and count that lies is refused, with the place.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CSCDS_MAX,
  DESCRIPTOR_LIST_BYTES_MAX,
  SEGMENTS_MAX,
} from '../../../../src/scsi/copy/copy-limits.ts';
import { type CopyList, parseCopyList } from '../../../../src/scsi/copy/copy-list.ts';
import {
  CopyListHead,
  CSCD_DESCRIPTOR_BYTES,
  IdentificationCscd,
  ListIdUsage,
  SegmentHead,
} from '../../../../src/scsi/standard/third-party-copy.ts';
import { copyList } from '../../../support/copy-lists.ts';

const naa = Uint8Array.from({ length: 16 }, (_, i) => 0x60 + i);
const good = () => copyList({ units: [naa, naa], segments: [{ blocks: 8, destination: 1 }] });
const CSCD = CopyListHead.$.length;
const SEGMENT = CSCD + 2 * CSCD_DESCRIPTOR_BYTES;

function codeOf(list: Uint8Array): string {
  const result = parseCopyList(list);
  if (!('status' in result)) return 'taken';
  const { code, fieldPointer } = result.sense!;
  return `${code.toString(16)}@${fieldPointer?.byte ?? '-'}`;
}

function changed(field: { set: typeof CopyListHead.str.set }, value: number, base = 0): Uint8Array {
  const list = good();
  field.set(list, value, base);
  return list;
}

test('descriptors are parsed', () => {
  const units = [naa, naa.toReversed()];
  const segments = [
    { source: 1, destination: 0xffff, sourceLba: 2 ** 40, destinationLba: 9, blocks: 0xffff },
    { source: 0, destination: 1, bytes: 0x1234_5600, sourceByteOffset: 512 },
  ];
  const parsed = parseCopyList(copyList({ listId: 7, units, blockLengthBytes: 4096, segments }));
  const { cscds, segments: read, ...head } = parsed as CopyList;
  assert.deepEqual(head, { listId: 7, hasListId: true });
  assert.deepEqual(
    cscds.map(({ designator, blockLengthBytes }) => [[...designator], blockLengthBytes]),
    units.map((unit) => [[...unit], 4096]),
  );
  const offsets = { sourceByteOffset: 0, destinationByteOffset: 0 };
  const { blocks, ...first } = segments[0]!;
  assert.deepEqual(read[0], {
    ...first,
    ...offsets,
    at: SEGMENT,
    length: { blocks, ofDestination: false },
  });
  const { bytes, ...second } = segments[1]!;
  const places = { at: SEGMENT + 28, sourceLba: 0, destinationLba: 0 };
  assert.deepEqual(read[1], { ...offsets, ...second, ...places, length: { bytes } });
});

test('malformed lists are refused, with the place', () => {
  assert.equal(codeOf(good()), 'taken');
  assert.equal(codeOf(changed(CopyListHead.inlineDataLength, 1)), '260b@12');
  assert.equal(codeOf(changed(CopyListHead.listIdUsage, ListIdUsage.reserved)), '2600@1');
  assert.equal(codeOf(changed(CopyListHead.cscdDescriptorListLength, 33)), '2600@2');
  assert.equal(codeOf(changed(CopyListHead.segmentDescriptorListLength, 29)), '1a00@-');
  assert.equal(
    codeOf(changed(CopyListHead.segmentDescriptorListLength, 27)),
    `2600@${SEGMENT + 2}`,
  );
  assert.equal(codeOf(changed(CopyListHead.segmentDescriptorListLength, 7)), '2600@8');
  const { descriptorTypeCode, designatorLength } = IdentificationCscd;
  assert.equal(codeOf(changed(descriptorTypeCode, 0xe0, CSCD)), `2607@${CSCD}`);
  assert.equal(codeOf(changed(designatorLength, 0, CSCD)), `2600@${CSCD + 7}`);
  assert.equal(codeOf(changed(designatorLength, 21, CSCD)), `2600@${CSCD + 7}`);
  assert.equal(codeOf(changed(SegmentHead.descriptorTypeCode, 3, SEGMENT)), `2609@${SEGMENT}`);
  assert.equal(codeOf(changed(SegmentHead.descriptorLength, 23, SEGMENT)), `2600@${SEGMENT + 2}`);
});

test('descriptors are bounded in number and in bytes', () => {
  const segments = Array.from({ length: SEGMENTS_MAX + 1 }, () => ({ bytes: 512 }));
  const units = Array.from({ length: CSCDS_MAX + 1 }, () => naa);
  assert.equal(codeOf(copyList({ units: [naa], segments })), '2608@8');
  assert.equal(codeOf(copyList({ units, segments: [] })), '2606@2');
  assert.equal(codeOf(copyList({ units: units.slice(1), segments: segments.slice(1) })), 'taken');
  const list = new Uint8Array(CSCD + DESCRIPTOR_LIST_BYTES_MAX + 28);
  CopyListHead.segmentDescriptorListLength.set(list, DESCRIPTOR_LIST_BYTES_MAX + 28);
  assert.equal(codeOf(list), '1a00@-');
});

test('a list with any truncation or changed byte is parsed or refused', () => {
  for (let length = 0; length < good().length; length++) {
    assert.equal(codeOf(good().subarray(0, length)), '1a00@-');
  }
  fc.assert(
    fc.property(fc.nat(good().length - 1), fc.nat(255), fc.nat(good().length), (at, value, end) => {
      const list = good();
      list[at] = value;
      const result = parseCopyList(list.subarray(0, end));
      if ('status' in result) return result.sense !== undefined;
      return result.cscds.length <= CSCDS_MAX && result.segments.length <= SEGMENTS_MAX;
    }),
    { numRuns: 2000 },
  );
});
