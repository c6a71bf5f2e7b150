// Proves that a text that a peer has chosen stays one line of bounded length, and hides nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from '../../../src/base/printable.ts';

test('control, format and separator characters are replaced; letters of any script stay', () => {
  const text = 'a\nb\rc\0d\x1b[31me\x7ff\x85g\u2028h\u2029i\u202ej\u200bk\ud800l';
  assert.equal(printable(text, 100), 'a?b?c?d?[31me?f?g?h?i?j?k?l');
  assert.equal(
    printable('iqn.2026-11.io.allpath:größe-日本', 100),
    'iqn.2026-11.io.allpath:größe-日本',
  );
});

test('a long text is cut, and shows that it was', () => {
  const cut = printable('x'.repeat(8_192), 223);
  assert.equal(cut, `${'x'.repeat(223)}…`);
});
