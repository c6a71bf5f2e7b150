// INQUIRY: standard data, pages by their code, and what a LUN without a logical unit answers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invalidInCdb } from '../../../../src/scsi/sense-table.ts';
import { InquiryCdb } from '../../../../src/scsi/standard/spc.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { hex, run } from '../../../support/scsi-call.ts';

test('standard data, byte for byte (checked with `sg_inq --inhex`)', async () => {
  const { dataIn } = await run([0x12, 0, 0, 0, 0xff, 0]);
  assert.equal(
    hex(dataIn),
    `00 00 06 12 45 18 10 02 41 4c 4c 50 41 54 48 20
44 49 53 4b 20 20 20 20 20 20 20 20 20 20 20 20
30 30 30 31 00 00 00 00 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 00 00 00 00 a0 04 60 04 c0
09 60 00 00 00 00 00 00 00 00`,
  );
});

test('a page code without EVPD, and an unknown page, point at PAGE CODE', async () => {
  for (const cdb of [
    [0x12, 0, 1, 0, 255, 0],
    [0x12, 1, 0x81, 0, 255, 0],
  ]) {
    assert.deepEqual((await run(cdb)).result, invalidInCdb(InquiryCdb.pageCode));
  }
});

test('EVPD gives the page of that code, its length field right', async () => {
  const { dataIn } = await run([0x12, 1, 0, 0, 255, 0]);
  for (const pageCode of dataIn.subarray(4)) {
    const page = (await run([0x12, 1, pageCode, 4, 0, 0])).dataIn;
    assert.equal(page[1], pageCode);
    assert.equal(((page[2] ?? 0) << 8) + (page[3] ?? 0) + 4, page.length);
  }
});

test('a LUN without a logical unit: qualifier 011b, type 1Fh, and only page 00h', async () => {
  const standard = await run([0x12, 0, 0, 0, 255, 0], { unit: null });
  assert.equal(standard.result.status, Status.good);
  assert.equal(standard.dataIn[0], 0x7f);
  const names = Buffer.from(standard.dataIn.subarray(8, 36)).toString('latin1');
  assert.equal(names, 'ALLPATH DISK            0001');
  const list = await run([0x12, 1, 0, 0, 255, 0], { unit: null });
  assert.equal(hex(list.dataIn), '7f 00 00 01 00');
  const serial = await run([0x12, 1, 0x80, 0, 255, 0], { unit: null });
  assert.deepEqual(serial.result, invalidInCdb(InquiryCdb.pageCode));
});
