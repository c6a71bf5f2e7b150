// REPORT LUNS: every LUN of the map in the coding of SAM-5, on any LUN.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invalidInCdb } from '../../../../src/scsi/sense-table.ts';
import { ReportLunsCdb } from '../../../../src/scsi/standard/spc.ts';
import { hex, run } from '../../../support/scsi-call.ts';

function cdb(selectReport: number, allocationLength = 4096): readonly number[] {
  const [high, low] = [allocationLength >> 8, allocationLength & 0xff];
  return [0xa0, 0, selectReport, 0, 0, 0, 0, 0, high, low, 0, 0];
}

test('up to 255 by peripheral device, beyond by flat space addressing; LUN 0 not needed', async () => {
  const { dataIn } = await run(cdb(0), { unit: null, luns: [1, 255, 256, 16383] });
  assert.equal(
    hex(dataIn),
    `00 00 00 20 00 00 00 00 00 01 00 00 00 00 00 00
00 ff 00 00 00 00 00 00 41 00 00 00 00 00 00 00
7f ff 00 00 00 00 00 00`,
  );
});

test('02h lists the same, 01h (well known logical units) lists none', async () => {
  const luns = [0, 7];
  assert.deepEqual((await run(cdb(2), { luns })).dataIn, (await run(cdb(0), { luns })).dataIn);
  assert.equal(hex((await run(cdb(1), { luns })).dataIn), '00 00 00 00 00 00 00 00');
});

test('the list length is that of the whole list also when it is cut', async () => {
  const luns = Array.from({ length: 300 }, (_, lun) => lun);
  const { dataIn, transferLength } = await run(cdb(0, 24), { luns });
  assert.equal(transferLength, 24);
  assert.equal(hex(dataIn.subarray(0, 4)), '00 00 09 60');
});

test('other values of SELECT REPORT are refused', async () => {
  for (const select of [0x03, 0x10, 0x11, 0x12, 0xff]) {
    const { result } = await run(cdb(select));
    assert.deepEqual(result, invalidInCdb(ReportLunsCdb.selectReport));
  }
});
