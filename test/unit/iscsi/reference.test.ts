// Proves that docs/reference/iscsi.md says what the tables of the program say.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { iscsiReference } from '../../../src/iscsi/reference.ts';

const page = readFileSync(new URL('../../../docs/reference/iscsi.md', import.meta.url), 'utf8');

test('the page is up to date (node scripts/reference.ts)', () => {
  assert.equal(page, iscsiReference());
});
