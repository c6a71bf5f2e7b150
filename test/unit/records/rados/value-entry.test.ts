// Values and fields come back as they were stored; what this release cannot read is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  dataKeyOf,
  decodeField,
  decodeValue,
  decodeVersion,
  encodeField,
  encodeValue,
  encodeVersion,
} from '../../../../src/records/rados/value-entry.ts';
import { fails } from '../../../contract/records-world.ts';

test('versions, values and fields are decoded as they were encoded', () => {
  const version = fc.nat({ max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(
      version,
      fc.uint8Array(),
      fc.stringMatching(/^[a-z#/0-9]{0,255}$/),
      (version, value, stamp) => {
        const entry = decodeValue(dataKeyOf('a/b'), encodeValue({ version, value, stamp }));
        assert.deepEqual(entry, { key: 'a/b', version, value, stamp });
        assert.equal(decodeVersion(encodeVersion(version)), version);
        assert.deepEqual(decodeField('f', encodeField(value)), value);
      },
    ),
  );
  assert.equal(decodeVersion(undefined), 0);
  assert.ok(encodeField(new Uint8Array(0)).length > 0, 'a field that is there is told from none');
});

test('another format, and what is cut short, is refused', () => {
  const whole = encodeValue({ version: 1, value: new Uint8Array(0), stamp: 'a/1' });
  for (let length = 0; length < whole.length; length++) {
    assert.throws(
      () => decodeValue(dataKeyOf('k'), whole.subarray(0, length)),
      fails('recordsUnsuitable'),
    );
  }
  whole[0] = 2;
  assert.throws(() => decodeValue(dataKeyOf('k'), whole), fails('recordsUnsuitable'));
  assert.throws(() => decodeField('f', Uint8Array.of(2, 0)), fails('recordsUnsuitable'));
  assert.throws(() => decodeField('f', new Uint8Array(0)), fails('recordsUnsuitable'));
});
