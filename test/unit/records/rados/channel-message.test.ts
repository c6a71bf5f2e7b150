// Messages and answers of channels come back as they were; no bytes make the decoders throw.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeAnswer,
  decodeMessage,
  encodeAnswer,
  encodeMessage,
} from '../../../../src/records/rados/channel-message.ts';
import { CHANNEL_MESSAGE_LENGTH_MAX } from '../../../../src/records/records.ts';

const name = fc.stringMatching(/^[A-Za-z0-9._:-]{1,64}$/);
const plain = { noNullPrototype: true };
const member = fc.record({ name, incarnation: name }, plain);
const bytes = fc.uint8Array({ maxLength: 300 });

test('what is encoded is decoded', () => {
  fc.assert(
    fc.property(
      fc.record(
        {
          from: member,
          timeoutMs: fc.nat(),
          channel: fc.stringMatching(/^[a-z/]{0,255}$/),
          message: bytes,
        },
        plain,
      ),
      (message) => assert.deepEqual(decodeMessage(encodeMessage(message)), message),
    ),
  );
  fc.assert(
    fc.property(
      fc.record({ from: member, complete: fc.boolean(), payloads: fc.array(bytes) }, plain),
      (answer) => assert.deepEqual(decodeAnswer(encodeAnswer(answer)), answer),
    ),
  );
});

test('what is cut short or of another format is not understood; no bytes are an error', () => {
  const from = { name: 'a', incarnation: 'a#1' };
  const payloads = [new Uint8Array(5)];
  const answer = encodeAnswer({ from, complete: true, payloads });
  for (let length = 0; length < answer.length; length++) {
    assert.equal(decodeAnswer(answer.subarray(0, length)), undefined);
  }
  const newer = answer.slice();
  newer[0] = 2;
  assert.equal(decodeAnswer(newer), undefined);
  const message = encodeMessage({ from, timeoutMs: 1, channel: 'c', message: new Uint8Array(0) });
  for (let length = 0; length < message.length; length++) {
    assert.equal(decodeMessage(message.subarray(0, length)), undefined);
  }
  message[0] = 2;
  assert.equal(decodeMessage(message), undefined);
  const long = new Uint8Array(CHANNEL_MESSAGE_LENGTH_MAX + 1);
  const tooLong = encodeMessage({ from, timeoutMs: 1, channel: 'c', message: long });
  assert.equal(decodeMessage(tooLong), undefined);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
      decodeMessage(Uint8Array.of(1, ...noise));
      decodeAnswer(Uint8Array.of(1, ...noise));
    }),
  );
});
