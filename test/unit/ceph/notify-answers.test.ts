// The reply to a notification is decoded as rados_notify2 encodes it, and a reply that was cut
// anywhere gives what is whole, without ever reading past its end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { notifyAnswers } from '../../../src/ceph/notify-answers.ts';

interface Answered {
  readonly gid: bigint;
  readonly cookie: bigint;
  readonly payload: Uint8Array;
}

function encode(answers: readonly Answered[], timeouts: readonly Omit<Answered, 'payload'>[]) {
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const who = ({ gid, cookie }: Omit<Answered, 'payload'>): Buffer => {
    const bytes = Buffer.alloc(16);
    bytes.writeBigUInt64LE(gid);
    bytes.writeBigUInt64LE(cookie, 8);
    return bytes;
  };
  return Buffer.concat([
    u32(answers.length),
    ...answers.flatMap((one) => [who(one), u32(one.payload.length), one.payload]),
    u32(timeouts.length),
    ...timeouts.map(who),
  ]);
}

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const who = { gid: u64, cookie: u64 };
const plain = { noNullPrototype: true } as const;
const answered = fc.record({ ...who, payload: fc.uint8Array({ maxLength: 40 }) }, plain);
const reply = fc.record({
  answers: fc.array(answered, { maxLength: 6 }),
  timeouts: fc.array(fc.record(who, plain), { maxLength: 6 }),
});

test('what was encoded is decoded', () => {
  fc.assert(
    fc.property(reply, ({ answers, timeouts }) => {
      const decoded = notifyAnswers(0, encode(answers, timeouts));
      assert.deepEqual(decoded.timeouts, timeouts);
      assert.deepEqual(
        decoded.answers.map(({ payload, ...rest }) => ({ ...rest, payload: [...payload] })),
        answers.map(({ payload, ...rest }) => ({
          gid: rest.gid,
          cookie: rest.cookie,
          payload: [...payload],
        })),
      );
    }),
  );
});

test('a reply that is cut gives a beginning of what it had', () => {
  fc.assert(
    fc.property(reply, fc.nat(), ({ answers, timeouts }, cut) => {
      const whole = encode(answers, timeouts);
      const decoded = notifyAnswers(-110, whole.subarray(0, cut % (whole.length + 1)));
      assert.equal(decoded.errno, -110);
      assert.deepEqual(decoded.timeouts, timeouts.slice(0, decoded.timeouts.length));
      assert.deepEqual(
        decoded.answers.map(({ gid }) => gid),
        answers.slice(0, decoded.answers.length).map(({ gid }) => gid),
      );
    }),
  );
  assert.deepEqual(notifyAnswers(-2, undefined), { errno: -2, answers: [], timeouts: [] });
});
