// Proves that docs/reference/scsi.md says what the tables of the program say.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { scsiReference } from '../../../src/scsi/reference.ts';

const page = readFileSync(new URL('../../../docs/reference/scsi.md', import.meta.url), 'utf8');

test('the page is up to date (node scripts/reference.ts)', () => {
  assert.equal(page, scsiReference());
});
