// Proves that PDUs are found whole and unchanged however the stream is cut into reads, that data
// held past its delivery is not overwritten, and that digests and bounds are enforced.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { type Slab, SlabPool } from '../../../../src/base/slab-pool.ts';
import { digestOf, putDigest } from '../../../../src/iscsi/wire/digest.ts';
import type { Pdu } from '../../../../src/iscsi/wire/pdu.ts';
import { type PduConsumer, PduReader } from '../../../../src/iscsi/wire/pdu-reader.ts';

interface Sent {
  readonly tag: number;
  readonly ahsWords: number;
  readonly data: Uint8Array;
}

const SLAB_BYTES = 64 * 1024;

function newReader(consumer: PduConsumer): PduReader {
  return new PduReader(consumer, new SlabPool(12 * 1024, 4), 8192);
}

function encode(sent: Sent, headerDigest: boolean, dataDigest: boolean): Uint8Array {
  const head = new Uint8Array(48 + sent.ahsWords * 4);
  head[4] = sent.ahsWords;
  head[5] = sent.data.length >>> 16;
  head[6] = sent.data.length >>> 8;
  head[7] = sent.data.length;
  new DataView(head.buffer).setUint32(16, sent.tag);
  head.fill(0xa5, 48);
  const parts: Uint8Array[] = [head];
  if (headerDigest) parts.push(digestBytes(head));
  if (sent.data.length > 0) {
    const padded = new Uint8Array((sent.data.length + 3) & ~3);
    padded.set(sent.data);
    parts.push(padded);
    if (dataDigest) parts.push(digestBytes(padded));
  }
  return new Uint8Array(Buffer.concat(parts));
}

function digestBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const digest = new Uint8Array(4);
  putDigest(digest, digestOf([bytes]));
  return digest;
}

/** Collects PDUs and keeps their data in place until the end, as a slow volume would. */
class Collector implements PduConsumer {
  readonly got: { tag: number; ahsLength: number; pieces: Uint8Array[]; intact: boolean }[] = [];
  readonly slabs: Slab[] = [];
  faults: string[] = [];
  ready = true;

  onPdu(pdu: Pdu, intact: boolean): void {
    const view = new DataView(pdu.bytes.buffer, pdu.bytes.byteOffset + pdu.base, 48);
    for (const slab of pdu.slabs) {
      if (slab === undefined) continue;
      slab.hold();
      this.slabs.push(slab);
    }
    const tag = view.getUint32(16);
    this.got.push({ tag, ahsLength: pdu.ahsLength, pieces: [...pdu.data], intact });
  }

  onFramingFault(fault: string): void {
    this.faults.push(fault);
  }
}

function feed(reader: PduReader, stream: Uint8Array, cuts: readonly number[]): void {
  let at = 0;
  for (let i = 0; at < stream.length; i++) {
    const room = reader.buffer();
    const length = Math.min(room.length, cuts[i % cuts.length]!, stream.length - at);
    room.set(stream.subarray(at, at + length));
    reader.received(length);
    at += length;
  }
}

const anySent = fc.record({
  tag: fc.nat(0xffff_ffff),
  ahsWords: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 12 })),
  data: fc.oneof(
    fc.constant(new Uint8Array(0)),
    fc.uint8Array({ minLength: 1, maxLength: 100 }),
    fc.integer({ min: 101, max: 50_000 }).map((n) => new Uint8Array(n).map((_, i) => i * 7 + n)),
  ),
});

test('any cut of the stream gives the same PDUs', () => {
  fc.assert(
    fc.property(
      fc.array(anySent, { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      fc.boolean(),
      (all, cuts, headerDigest, dataDigest) => {
        const collector = new Collector();
        const reader = newReader(collector);
        const pool = new SlabPool(SLAB_BYTES, 4);
        reader.usePool(pool, 65_536);
        reader.useDigests(headerDigest, dataDigest);
        const encoded = all.map((each) => encode(each, headerDigest, dataDigest));
        feed(reader, new Uint8Array(Buffer.concat(encoded)), cuts);
        assert.deepEqual(collector.faults, []);
        assert.equal(collector.got.length, all.length);
        collector.got.forEach((got, i) => {
          assert.equal(got.tag, all[i]!.tag);
          assert.equal(got.ahsLength, all[i]!.ahsWords * 4);
          assert.ok(got.intact);
          assert.ok(Buffer.concat(got.pieces).equals(all[i]!.data));
        });
        for (const slab of collector.slabs) slab.release();
        reader.close();
      },
    ),
    { numRuns: 200 },
  );
});

test('a login PDU is found whole in the small buffer, then the pooled ones take over', () => {
  const collector = new Collector();
  const reader = newReader(collector);
  const login: Sent = { tag: 1, ahsWords: 0, data: new Uint8Array(8192).fill(7) };
  for (let i = 0; i < 3; i++) feed(reader, encode(login, false, false), [1000]);
  reader.usePool(new SlabPool(SLAB_BYTES, 4), 65_536);
  feed(reader, encode({ ...login, tag: 2 }, false, false), [5000]);
  assert.deepEqual(
    collector.got.map((each) => each.tag),
    [1, 1, 1, 2],
  );
  for (const each of collector.got) assert.ok(Buffer.concat(each.pieces).equals(login.data));
});

test('a data segment longer than declared is a fault, and nothing after it is parsed', () => {
  const collector = new Collector();
  const reader = newReader(collector);
  const long = encode({ tag: 1, ahsWords: 0, data: new Uint8Array(8193) }, false, false);
  feed(reader, long.subarray(0, 48), [48]);
  feed(reader, encode({ tag: 2, ahsWords: 0, data: new Uint8Array(0) }, false, false), [48]);
  assert.deepEqual(collector.faults, ['dataSegmentTooLong']);
  assert.equal(collector.got.length, 0);
});

test('a flipped bit is seen by the digest that covers it', () => {
  for (const at of [5 * 4, 60]) {
    const collector = new Collector();
    const reader = newReader(collector);
    const pool = new SlabPool(SLAB_BYTES, 4);
    reader.usePool(pool, 65_536);
    reader.useDigests(true, true);
    const stream = encode({ tag: 1, ahsWords: 0, data: new Uint8Array(20) }, true, true);
    stream[at] = stream[at]! ^ 0x10;
    feed(reader, stream, [7]);
    if (at < 48) assert.deepEqual(collector.faults, ['headerDigestError']);
    else
      assert.deepEqual(
        collector.got.map((each) => each.intact),
        [false],
      );
  }
});

test('parsing stops while the consumer is not ready, and goes on where it stopped', () => {
  const collector = new Collector();
  const reader = newReader(collector);
  const one = encode({ tag: 9, ahsWords: 0, data: new Uint8Array(40) }, false, false);
  collector.ready = false;
  feed(reader, one, [one.length]);
  assert.equal(collector.got.length, 0);
  collector.ready = true;
  reader.parse();
  assert.equal(collector.got.length, 1);
});
