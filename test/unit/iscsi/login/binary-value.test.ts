import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';

import { formatBinary, parseBinary } from '../../../../src/iscsi/login/binary-value.ts';

test('both notations carry any bytes', () => {
  // Proves: hex and base64 of random bytes read back the same; hex also in our own output.
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
      const base64 = Buffer.from(bytes).toString('base64');
      for (const text of [formatBinary(bytes), formatBinary(bytes).toUpperCase(), `0b${base64}`]) {
        assert.deepEqual(new Uint8Array(parseBinary(text, 64) ?? []), new Uint8Array(bytes), text);
      }
    }),
  );
});

test('what is no binary value, or too long, is refused', () => {
  // Proves: prefix, alphabet and bound are checked; an odd digit count is a leading half byte.
  for (const bad of ['', '0', '0x', '0b', '00ff', '0xfg', '0b!', '0bA', 'ff', '0x ff']) {
    assert.equal(parseBinary(bad, 64), undefined, bad);
  }
  assert.equal(parseBinary('0x010203', 2), undefined);
  assert.equal(parseBinary('0bAQID', 2), undefined);
  assert.deepEqual([...(parseBinary('0x102', 2) ?? [])], [1, 2]);
});
