// Proves that sizes are read strictly, in powers of 1024, and written so that they read back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sizeValue } from '../../../src/cli/option-values.ts';
import { formatSize, parseSize } from '../../../src/config/size.ts';

test('numbers and units are understood', () => {
  assert.equal(parseSize('512'), 512);
  assert.equal(parseSize('1K'), 1024);
  assert.equal(parseSize('10T'), 10 * 2 ** 40);
});

test('nothing else is', () => {
  const bad = ['', '1g', '1GB', '1.5G', '-1', '+1', ' 1', '1 G', '01', '0x10', '1e3', '9P9'];
  for (const text of bad) assert.equal(parseSize(text), undefined, text);
});

test('a size beyond all limits is a size: the limit refuses it', () => {
  assert.equal(parseSize('16384P'), 2 ** 64);
  assert.throws(() => sizeValue('99999T'), /must be at most 4P/);
});

test('what is written reads back', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (bytes) => {
      assert.equal(parseSize(formatSize(bytes)), bytes);
    }),
  );
  assert.equal(formatSize(1536 * 1024 * 1024), '1536M');
});
