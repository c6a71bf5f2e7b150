// Proves that a table of pages that initiators could not be told in order is found as it is made.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ModePage, modePage } from '../../../../src/scsi/pages/mode-page.ts';
import { ascendingPages } from '../../../../src/scsi/pages/page-tables.ts';
import { ControlPage } from '../../../../src/scsi/standard/mode.ts';

const page = (pageCode: number, subpageCode = 0) => ({ name: 'a page', pageCode, subpageCode });

test('pages ascend by code and subpage code, each once', () => {
  assert.equal(ascendingPages([page(0), page(0, 1), page(1)]).length, 3);
  const bad = [[page(1), page(0)], [page(1), page(1)], [page(0, 1), page(0)], [page(0x100)]];
  for (const pages of bad) assert.throws(() => ascendingPages(pages), /^InvariantBroken/);
  assert.throws(() => ascendingPages([{ name: '', pageCode: 0 }]), /has a name/);
});

test('what MODE SELECT may change lies in its page, behind the header, and means something', () => {
  const good: ModePage = {
    ...{ name: 'Control', pageCode: 0x0a, subpageCode: 0, layout: ControlPage },
    encode: () => {},
    changeable: [{ field: ControlPage.swp, apply: () => {} }],
  };
  assert.equal(modePage(good), good);
  const { swp } = ControlPage;
  for (const field of [
    { ...swp, byte: 0 },
    { ...swp, byte: 12 },
    { ...swp, byte: 6 },
  ]) {
    const changeable = [{ field, apply: () => {} }];
    assert.throws(() => modePage({ ...good, changeable }), /^InvariantBroken/);
  }
  assert.throws(() => modePage({ ...good, pageCode: 0x3f }), /a page code of its own/);
});
