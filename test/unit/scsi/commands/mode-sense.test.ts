// MODE SENSE: headers, block descriptors and page control around the pages.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invalidInCdb } from '../../../../src/scsi/sense-table.ts';
import { ModeSense6Cdb } from '../../../../src/scsi/standard/mode.ts';
import { hex, logicalUnit, run } from '../../../support/scsi-call.ts';
import { setModes } from '../../../support/set-modes.ts';

const DBD = 0x08;
const LLBAA = 0x10;
const CONTROL = 0x0a;

function six(flags: number, page: number, subpage = 0, length = 255): readonly number[] {
  return [0x1a, flags, page, subpage, length, 0];
}

function ten(flags: number, page: number, subpage = 0): readonly number[] {
  return [0x5a, flags, page, subpage, 0, 0, 0, 4, 0, 0];
}

test('(6): header, short block descriptor, page', async () => {
  assert.equal(
    hex((await run(six(0, CONTROL))).dataIn),
    '17 00 10 08 00 20 00 00 00 00 02 00 8a 0a 22 00\n00 00 00 00 00 00 00 00',
  );
});

test('(10): header, short block descriptor, page', async () => {
  assert.equal(
    hex((await run(ten(0, CONTROL))).dataIn),
    `00 1a 00 10 00 00 00 08 00 20 00 00 00 00 02 00
8a 0a 22 00 00 00 00 00 00 00 00 00`,
  );
});

test('(10) with LLBAA: a long block descriptor, beyond 2^32 blocks too', async () => {
  const unit = logicalUnit({ blocks: 2 ** 33, blockLengthBytes: 4096 });
  assert.equal(
    hex((await run(ten(LLBAA, CONTROL), { unit })).dataIn.subarray(0, 24)),
    '00 22 00 10 01 00 00 10 00 00 00 02 00 00 00 00\n00 00 00 00 00 00 10 00',
  );
});

test('a short block descriptor of a larger capacity has all ones', async () => {
  const unit = logicalUnit({ blocks: 2 ** 32 + 8 });
  const { dataIn } = await run(six(0, CONTROL), { unit });
  assert.equal(hex(dataIn.subarray(4, 12)), 'ff ff ff ff 00 00 02 00');
});

test('DBD leaves the block descriptor out, and with it LONGLBA', async () => {
  const short = (await run(six(DBD, CONTROL))).dataIn;
  assert.equal(hex(short.subarray(0, 4)), '0f 00 10 00');
  const long = (await run(ten(DBD | LLBAA, CONTROL))).dataIn;
  assert.equal(hex(long.subarray(0, 8)), '00 12 00 10 00 00 00 00');
});

test('WP is set for a read-only disk and for software write protection', async () => {
  const readOnly = logicalUnit({ readOnly: true });
  assert.equal((await run(six(0, CONTROL), { unit: readOnly })).dataIn[2], 0x90);
  const protectedUnit = logicalUnit();
  setModes(protectedUnit, { swp: true });
  assert.equal((await run(six(0, CONTROL), { unit: protectedUnit })).dataIn[2], 0x90);
  assert.equal((await run(ten(0, CONTROL), { unit: protectedUnit })).dataIn[3], 0x90);
});

test('page control: current follows, defaults do not, changeable is a mask', async () => {
  const unit = logicalUnit();
  setModes(unit, { dSense: true });
  const control = async (pageControl: number) =>
    hex((await run(six(DBD, (pageControl << 6) | CONTROL), { unit })).dataIn.subarray(4, 10));
  assert.equal(await control(0b00), '8a 0a 26 00 00 00');
  assert.equal(await control(0b01), '8a 0a e4 06 38 40');
  assert.equal(await control(0b10), '8a 0a 22 00 00 00');
  assert.equal(await control(0b11), '8a 0a 22 00 00 00');
});

test('saved values are reported apart from the current ones; PS tells what can be saved', async () => {
  const unit = logicalUnit();
  setModes(unit, { swp: true }, 'saved');
  setModes(unit, { swp: false, dSense: true });
  const { dataIn } = await run(six(DBD, 0xc0 | 0x3f), { unit });
  const pages = Buffer.from(dataIn.subarray(4));
  const caching = pages.subarray(12);
  assert.deepEqual([pages[0], caching[0], caching[2]], [0x01, 0x08, 0x04]);
  assert.equal(hex(caching.subarray(20, 26)), '8a 0a 22 00 08 00');
});

test('an unknown page points at PAGE CODE, an unknown subpage at SUBPAGE CODE', async () => {
  const { pageCode, subpageCode } = ModeSense6Cdb;
  assert.deepEqual((await run(six(0, 0x02))).result, invalidInCdb(pageCode));
  assert.deepEqual((await run(six(0, 0x02, 0xff))).result, invalidInCdb(pageCode));
  assert.deepEqual((await run(six(0, CONTROL, 0x05))).result, invalidInCdb(subpageCode));
  assert.deepEqual((await run(six(0, 0x3f, 0x05))).result, invalidInCdb(subpageCode));
});

test('all pages: the mode data length is that of the whole answer, also when it is cut', async () => {
  const whole = (await run(six(0, 0x3f, 0xff))).dataIn;
  assert.equal((whole[0] ?? 0) + 1, whole.length);
  const cut = await run(six(0, 0x3f, 0xff, 4));
  assert.deepEqual(cut.dataIn, whole.subarray(0, 4));
  assert.equal(cut.transferLength, 4);
});
