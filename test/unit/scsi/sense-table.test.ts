// Proves what results carry into the sense data: pointers, INFORMATION and the segment of a copy,
// in both formats. The bytes were checked with `sg_decode_sense` of sg3_utils 1.46.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandResult } from '../../../src/scsi/command-result.ts';
import { buildSense } from '../../../src/scsi/sense.ts';
import {
  atCdb,
  atParameter,
  atSegment,
  conditions,
  results,
  withInformation,
} from '../../../src/scsi/sense-table.ts';
import { hex } from '../../support/scsi-call.ts';

const bytesOf = ({ sense }: CommandResult, isDescriptor: boolean) =>
  hex(buildSense(sense!, isDescriptor)).replaceAll('\n', ' ');

test('no two conditions have the same sense key and code', () => {
  const codes = Object.values(conditions).map(({ sense }) => `${sense!.key}/${sense!.code}`);
  assert.equal(new Set(codes).size, codes.length);
});

test('the segment of a copy, and the place in its list, go out in both formats', () => {
  const result = atSegment(atParameter(conditions.unreachableCopyTarget, 84), 3);
  assert.equal(bytesOf(result, false), '70 00 0a 00 00 00 00 0a 00 00 00 03 08 04 00 80 00 54');
  assert.equal(
    bytesOf(result, true),
    '72 0a 08 04 00 00 00 14 01 0a 00 00 00 00 00 00 00 00 00 03 02 06 00 00 80 00 54 00',
  );
});

test('a pointer into the CDB, and INFORMATION, go out in both formats', () => {
  const pointing = atCdb(conditions.invalidFieldInCdb, 2, 7);
  assert.equal(bytesOf(pointing, true), '72 05 24 00 00 00 00 08 02 06 00 00 cf 00 02 00');
  const informing = withInformation(conditions.miscompareDuringVerifyOperation, 9);
  assert.equal(
    bytesOf(informing, true),
    '72 0e 1d 00 00 00 00 0c 00 0a 80 00 00 00 00 00 00 00 00 09',
  );
  assert.equal(bytesOf(informing, false), 'f0 00 0e 00 00 00 09 0a 00 00 00 00 1d 00 00 00 00 00');
});

test('a result without sense data stays as it is', () => {
  for (const change of [atSegment, withInformation, atCdb]) {
    assert.equal(change(results.busy, 1), results.busy);
  }
});
