// REPORT TARGET PORT GROUPS: all groups, in both header formats.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PortGroup } from '../../../../src/scsi/nexus.ts';
import { invalidInCdb } from '../../../../src/scsi/sense-table.ts';
import { ReportTargetPortGroupsCdb } from '../../../../src/scsi/standard/spc.ts';
import { hex, run } from '../../../support/scsi-call.ts';

const portGroups: readonly PortGroup[] = [
  { portGroup: 1, state: 'activeOptimized', relativePortIdentifiers: [1, 0x1234] },
  { portGroup: 2, state: 'unavailable', relativePortIdentifiers: [2] },
  { portGroup: 3, state: 'transitioning', relativePortIdentifiers: [] },
];

const descriptors = `00 89 00 01 00 00 00 02 00 00 00 01 00 00 12 34
03 89 00 02 00 02 00 01 00 00 00 02 0f 89 00 03
00 02 00 00`;

function cdb(format: number): readonly number[] {
  return [0xa3, (format << 5) | 0x0a, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];
}

test('length only header', async () => {
  const { dataIn } = await run(cdb(0), { portGroups });
  assert.equal(hex(dataIn.subarray(0, 4)), '00 00 00 24');
  assert.equal(hex(dataIn.subarray(4)), descriptors);
});

test('extended header, with the implicit transition time', async () => {
  const { dataIn } = await run(cdb(1), { portGroups });
  assert.equal(hex(dataIn.subarray(0, 8)), '00 00 00 28 10 08 00 00');
  assert.equal(hex(dataIn.subarray(8)), descriptors);
});

test('other formats are refused', async () => {
  for (let format = 2; format < 8; format++) {
    const { result } = await run(cdb(format), { portGroups });
    assert.deepEqual(result, invalidInCdb(ReportTargetPortGroupsCdb.parameterDataFormat));
  }
});
