// Proves that docs/reference/cli.md says what the program's own table says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commands } from '../../../src/cli/commands.ts';
import { cliReference } from '../../../src/cli/reference.ts';

const page = readFileSync(new URL('../../../docs/reference/cli.md', import.meta.url), 'utf8');

test('the page is up to date (node scripts/reference.ts)', () => {
  assert.equal(page, cliReference());
});

test('every command of the table can be loaded', async () => {
  for (const { load, path } of commands) {
    assert.equal(typeof (await load()), 'function', path.join(' '));
  }
});
