// Proves that hex digits are written as the bytes that they say, wherever the array has to grow.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWriter } from '../../../../src/base/bytes/byte-writer.ts';

test('hex digits are the bytes that they say', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  for (const before of [0, 62, 63, 64]) {
    const writer = new ByteWriter().zeros(before).digits(Buffer.from(bytes).toString('hex'));
    assert.deepEqual(
      writer.u16(0xabcd).finish().subarray(before),
      Uint8Array.of(...bytes, 0xab, 0xcd),
    );
  }
});
