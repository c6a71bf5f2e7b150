// Proves that a reader gives back what a writer wrote, and that it never reads past the end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWriter } from '../../../../src/base/bytes/byte-writer.ts';
import { BytesReader } from '../../../../src/base/bytes/bytes-reader.ts';
import { utf8Text } from '../../../../src/base/bytes/utf8-text.ts';

test('what was written is read', () => {
  const written = new ByteWriter()
    .u8(1)
    .u16(0x203)
    .u32(0x4050607)
    .u64(2 ** 40)
    .ascii('ab')
    .finish();
  const reader = new BytesReader(written);
  assert.deepEqual(
    [reader.u8(), reader.u16(), reader.u32(), reader.u64()],
    [1, 0x203, 0x4050607, 2 ** 40],
  );
  assert.equal(reader.text(2), 'ab');
  assert.throws(() => reader.u8(), RangeError);
  assert.equal(reader.rest().length, 0);
});

test('text that is not UTF-8 is no text', () => {
  assert.equal(utf8Text(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), '\ufeffa');
  assert.equal(utf8Text(Uint8Array.of(0xff)), undefined);
});
