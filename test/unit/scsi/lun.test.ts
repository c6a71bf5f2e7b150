// Proves LUN fields: peripheral device and flat space addressing of one level, all else refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { decodeLun, encodeLun } from '../../../src/scsi/lun.ts';
import { LUN_MAX } from '../../../src/scsi/nexus.ts';

test('every LUN survives encoding', () => {
  fc.assert(
    fc.property(fc.nat(LUN_MAX), (lun) => {
      assert.equal(decodeLun(encodeLun(lun)), lun);
    }),
  );
});

test('the forms of SAM: 255 is peripheral, 256 flat; a small LUN may come flat too', () => {
  assert.deepEqual([...encodeLun(255)], [0, 255, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...encodeLun(256)], [0x41, 0, 0, 0, 0, 0, 0, 0]);
  assert.equal(decodeLun(Uint8Array.of(0x40, 5, 0, 0, 0, 0, 0, 0)), 5);
});

test('other buses, methods and levels are no LUN of ours', () => {
  for (const bytes of [
    [0x01, 0, 0, 0],
    [0x80, 0, 0, 0],
    [0xc1, 0x01, 0, 0],
    [0, 1, 0, 1],
  ]) {
    assert.equal(decodeLun(Uint8Array.from([...bytes, 0, 0, 0, 0])), -1);
  }
});
