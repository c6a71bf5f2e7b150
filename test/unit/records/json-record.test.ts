// Structured records come back as they were; what is not one is refused with a reason.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Failure } from '../../../src/base/failure.ts';
import {
  decodeJsonRecord,
  encodeJsonRecord,
  type JsonRecordFormat,
} from '../../../src/records/json-record.ts';

const format: JsonRecordFormat<unknown> = {
  kind: 'sample',
  formatVersion: 3,
  formatVersionMin: 2,
  lengthMaxBytes: 10_000,
  decode: (content, version) => (version === 2 ? { lifted: content } : content),
};

function code(expected: string) {
  return (error: Failure) => error.code === expected && error.message.includes('sample');
}

function record(content: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(content));
}

test('what JSON can say comes back', () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      const content: unknown = JSON.parse(json);
      assert.deepEqual(decodeJsonRecord(format, encodeJsonRecord(format, content)), content);
    }),
  );
});

test('bytes that are no record are refused, never misread', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      assert.throws(() => decodeJsonRecord(format, bytes), code('recordMalformed'));
    }),
  );
  for (const content of [null, 1, [], {}, { formatVersion: '3' }, { formatVersion: 2.5 }]) {
    assert.throws(() => decodeJsonRecord(format, record(content)), code('recordMalformed'));
  }
});

test('an older format is lifted, an unknown one refused', () => {
  const decode = (formatVersion: number) =>
    decodeJsonRecord(format, record({ formatVersion, content: 'x' }));
  assert.deepEqual(decode(2), { lifted: 'x' });
  assert.equal(decode(3), 'x');
  assert.throws(() => decode(1), code('recordFormatUnknown'));
  assert.throws(() => decode(4), code('recordFormatUnknown'));
});

test('the reason of a content that does not pass is told', () => {
  const decode = () => {
    throw new Error('size is missing');
  };
  const bytes = encodeJsonRecord(format, {});
  assert.throws(() => decodeJsonRecord({ ...format, decode }, bytes), /sample.*size is missing/);
});

test('a record that is too long is refused both ways', () => {
  const content = 'x'.repeat(10_000);
  assert.throws(() => encodeJsonRecord(format, content), code('recordsTooLarge'));
  const bytes = encodeJsonRecord({ ...format, lengthMaxBytes: 20_000 }, content);
  assert.throws(() => decodeJsonRecord(format, bytes), code('recordsTooLarge'));
});
