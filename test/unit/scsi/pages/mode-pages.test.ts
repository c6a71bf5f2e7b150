// Every mode page, byte for byte: current, changeable and default values. Offsets and bits of
// Caching and Control were checked against what libiscsi's scsi-lowlevel.c decodes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultModes } from '../../../../src/scsi/mode-parameters.ts';
import { encodeChangeable, encodeModePage } from '../../../../src/scsi/pages/mode-page.ts';
import { modePages, selectModePages } from '../../../../src/scsi/pages/mode-pages.ts';
import { hex } from '../../../support/scsi-call.ts';

const zeros = (count: number) => ' 00'.repeat(count);

/** By name: the page as it is at first, and with ones for what MODE SELECT may change. */
const golden: Readonly<Record<string, readonly [string, string]>> = {
  'Read-Write Error Recovery': [`01 0a${zeros(10)}`, `01 0a${zeros(10)}`],
  Caching: [`08 12 04${zeros(13)}\n00 00 00 00`, `08 12${zeros(14)}\n00 00 00 00`],
  Control: [`8a 0a 22${zeros(9)}`, `8a 0a e4 06 38 40${zeros(6)}`],
  'Control Extension': [
    `4a 01 00 1c 01${zeros(11)}\n${zeros(16).trim()}`,
    `4a 01 00 1c${zeros(12)}\n${zeros(16).trim()}`,
  ],
  'Informational Exceptions Control': [`1c 0a 08${zeros(9)}`, `1c 0a${zeros(10)}`],
};

for (const page of modePages) {
  test(`${page.name} is byte for byte what it was`, () => {
    assert.equal(hex(encodeModePage(page, defaultModes(true))), golden[page.name]?.[0]);
    assert.equal(hex(encodeChangeable(page)), golden[page.name]?.[1]);
  });
}

test('WCE is 0 on a medium without a volatile cache', () => {
  const caching = selectModePages(0x08, 0)[0];
  assert.ok(caching !== undefined);
  assert.equal(encodeModePage(caching, defaultModes(false))[2], 0);
});

test('pages ascend by page code and subpage code', () => {
  const codes = modePages.map(({ pageCode, subpageCode }) => pageCode * 256 + subpageCode);
  assert.deepEqual(
    codes,
    [...new Set(codes)].sort((a, b) => a - b),
  );
});

test('3Fh selects all pages, with FFh their subpages too; other subpages of it select none', () => {
  const codes = (page: number, subpage: number) =>
    selectModePages(page, subpage).map((row) => [row.pageCode, row.subpageCode]);
  assert.deepEqual(codes(0x3f, 0), [
    [0x01, 0],
    [0x08, 0],
    [0x0a, 0],
    [0x1c, 0],
  ]);
  assert.deepEqual(codes(0x3f, 0xff), [
    [0x01, 0],
    [0x08, 0],
    [0x0a, 0],
    [0x0a, 1],
    [0x1c, 0],
  ]);
  assert.deepEqual(codes(0x3f, 1), []);
  assert.deepEqual(codes(0x0a, 0xff), [
    [0x0a, 0],
    [0x0a, 1],
  ]);
  assert.deepEqual(codes(0x0a, 1), [[0x0a, 1]]);
  assert.deepEqual(codes(0x0a, 2), []);
  assert.deepEqual(codes(0x02, 0), []);
});
