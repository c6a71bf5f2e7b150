// Proves LUN fields: every form of a number on one level is decoded alike, all else is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { decodeLun, encodeLun, FLAT_LUN_MAX } from '../../../src/scsi/lun.ts';

test('every LUN survives encoding', () => {
  fc.assert(
    fc.property(fc.nat(FLAT_LUN_MAX), (lun) => {
      assert.equal(decodeLun(encodeLun(lun)), lun);
    }),
  );
});

test('REPORT LUNS gives 255 as peripheral device, 256 as flat space addressing', () => {
  assert.deepEqual([...encodeLun(255)], [0, 255, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...encodeLun(256)], [0x41, 0, 0, 0, 0, 0, 0, 0]);
});

test('all forms of a number on one level name the same unit', () => {
  fc.assert(
    fc.property(fc.nat(FLAT_LUN_MAX), (lun) => {
      const [high, low] = [lun >> 8, lun & 0xff];
      for (const bytes of [
        [high, low, 0, 0],
        [0x40 | high, low, 0, 0],
        [0xd2, 0, high, low],
      ]) {
        assert.equal(decodeLun(Uint8Array.from([...bytes, 0, 0, 0, 0])), lun);
      }
    }),
  );
});

test('other methods, well known units and further levels name no unit', () => {
  for (const bytes of [
    [0x80, 0, 0, 0, 0],
    [0xc1, 0x01, 0, 0, 0],
    [0xe2, 0, 0, 0, 0],
    [0xd2, 0, 0, 1, 1],
    [0, 1, 0, 1, 0],
  ]) {
    assert.equal(decodeLun(Uint8Array.from([...bytes, 0, 0, 0])), -1);
  }
});
