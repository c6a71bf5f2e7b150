// Frames between members come back however the stream is cut; garbage is refused, never kept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeFrame, FrameReader } from '../../../../src/records/local/notify-frame.ts';
import { CHANNEL_MESSAGE_LENGTH_MAX } from '../../../../src/records/records.ts';

const frame = fc.record(
  {
    kind: fc.constantFrom('notify', 'answer', 'end', 'refused'),
    head: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.string({ maxLength: 20 }), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
    payload: fc.uint8Array({ maxLength: 300 }),
  },
  { noNullPrototype: true },
);

test('frames come back whole from a stream cut anywhere', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 5 }), fc.array(fc.nat(400)), (frames, cuts) => {
      const stream = Buffer.concat(
        frames.map(({ kind, head, payload }) => encodeFrame(kind, head, payload)),
      );
      const reader = new FrameReader();
      const read = [];
      let at = 0;
      for (const cut of [...cuts, stream.length]) {
        read.push(...reader.push(stream.subarray(at, at + cut)));
        at += cut;
      }
      assert.deepEqual(read, frames);
    }),
  );
});

test('random bytes give a refusal or wait for more, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }), (chunks) => {
      const reader = new FrameReader();
      try {
        for (const chunk of chunks) reader.push(chunk);
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, 'recordsMalformedFrame');
      }
    }),
  );
});

test('lengths, versions, kinds and heads beyond the format are refused', () => {
  const good = Buffer.from(encodeFrame('notify', { a: 1 }, new Uint8Array(8)));
  const refused = (change: (frame: Buffer) => void) => {
    const bad = Buffer.from(good);
    change(bad);
    assert.throws(() => new FrameReader().push(bad), { code: 'recordsMalformedFrame' });
  };
  assert.equal(new FrameReader().push(good).length, 1);
  refused((bad) => bad.writeUInt32BE(0xffff_ffff, 0));
  refused((bad) => bad.writeUInt32BE(CHANNEL_MESSAGE_LENGTH_MAX * 2, 0));
  refused((bad) => bad.writeUInt32BE(3, 0));
  refused((bad) => bad.writeUInt8(2, 4));
  refused((bad) => bad.writeUInt8(9, 5));
  refused((bad) => bad.writeUInt16BE(0xffff, 6));
  refused((bad) => bad.writeUInt16BE(3, 6));
});
