// Proves that a field of a layout reads what was set, at any base, and touches no other bit.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bits, type Field, layout, u8, u16, u32 } from '../../../../src/base/bytes/layout.ts';

const LENGTH = 12;
const fields: readonly Field[] = [u8(0), u16(3), u32(5), bits(2, 7), bits(2, 6, 4), bits(2, 3, 0)];

test('a field reads what was set, at its base, and leaves every other bit as it was', () => {
  const any = fc.uint8Array({ minLength: LENGTH, maxLength: LENGTH });
  fc.assert(
    fc.property(any, fc.nat(2), fc.constantFrom(...fields), fc.nat(), (bytes, base, field, n) => {
      const width = field.length === 1 ? field.mask >> lowBitOf(field) : 256 ** field.length - 1;
      const value = n % (width + 1);
      const before = [...bytes];
      field.set(bytes, value, base);
      assert.equal(field.get(bytes, base), value);
      for (const [at, byte] of before.entries()) {
        const inside = at >= base + field.byte && at < base + field.byte + field.length;
        const mask = inside ? 0xff & ~field.mask : 0xff;
        assert.equal(bytes[at]! & mask, byte & mask);
      }
    }),
  );
});

function lowBitOf({ mask }: Field): number {
  return Math.log2(mask & -mask);
}

test('numbers are big-endian, and a bit field is where the standard draws it', () => {
  const bytes = new Uint8Array(LENGTH);
  u16(3).set(bytes, 0x1234);
  bits(2, 6, 4).set(bytes, 0b101);
  assert.deepEqual([...bytes.subarray(2, 5)], [0b0101_0000, 0x12, 0x34]);
});

test('a bit field that is not inside one byte is a broken invariant', () => {
  for (const [high, low] of [
    [8, 0],
    [3, 4],
    [3, -1],
  ] as const) {
    assert.throws(() => bits(0, high, low), { name: 'InvariantBroken' });
  }
  assert.equal(layout('one', 4, { a: u8(0) }).a.byte, 0);
});
