// Each code on the page of errors has its meaning, and the page is that of the table. That the
// sources have these codes and no other ones is one of the rules of test/tidy.test.ts.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FAILURE_CODES } from '../../../src/control/failure-codes.ts';
import { errorReference } from '../../../src/control/reference.ts';

test('the page is up to date (node scripts/reference.ts)', () => {
  const page = new URL('../../../docs/reference/errors.md', import.meta.url);
  assert.equal(readFileSync(page, 'utf8'), errorReference());
});

test('a code is listed once, with a sentence for its meaning and one for what to do', () => {
  const rows = FAILURE_CODES.flatMap(({ codes }) => Object.entries(codes));
  assert.equal(new Set(rows.map(([code]) => code)).size, rows.length);
  for (const [code, { meaning, remedy }] of rows) {
    for (const text of [meaning, remedy]) assert.match(text, /^[`A-Z].*\.$/, `${code}: ${text}`);
  }
});
