// Proves that docs/reference/document.md says what the schema says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseDocument } from '../../../src/config/parse.ts';
import { documentReference } from '../../../src/config/reference.ts';

const page = readFileSync(new URL('../../../docs/reference/document.md', import.meta.url), 'utf8');

test('the page is up to date (node scripts/reference.ts)', () => {
  assert.equal(page, documentReference());
});

test('every key of the document has its meaning, and the example is valid', () => {
  assert.doesNotMatch(page, /\| \|$/m);
  const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  assert.deepEqual(parseDocument(example).ok, true);
});
