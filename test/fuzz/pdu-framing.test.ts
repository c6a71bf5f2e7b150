// Proves that the reader finds the PDUs of any bytes, sound or mutated, as a plain parser over the
// whole stream does: however the stream is cut, paused and held in place, with every combination
// of digests, across the login; and that no buffer is lost. ALLPATH_FUZZ_RUNS counts PDUs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import type { Slab } from '../../src/base/slab-pool.ts';
import { LOGIN_BUFFER_BYTES } from '../../src/iscsi/limits.ts';
import { digestOf, getDigest, putDigest } from '../../src/iscsi/wire/digest.ts';
import type { Pdu } from '../../src/iscsi/wire/pdu.ts';
import { type PduConsumer, PduReader } from '../../src/iscsi/wire/pdu-reader.ts';
import { mutated } from '../hostile/mutation.ts';
import { CountingSlabPool } from '../support/iscsi-world.ts';
import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';

const inputsMin = Number(process.env['ALLPATH_FUZZ_RUNS'] ?? 10_000);
const LOGIN_SEGMENT_MAX = 8192;
const SEGMENT_MAX = 262_144;
const PDUS_MAX = 12;

interface Settings {
  readonly headerDigest: boolean;
  readonly dataDigest: boolean;
  /** PDUs before the full feature phase, which has no digests and short segments. */
  readonly login: number;
}

/** A PDU as the plain parser finds it. */
interface Found {
  readonly header: Buffer;
  readonly data: Buffer;
  readonly intact: boolean;
}

/** Parses the whole stream at once; a fault is its last entry. */
function parsePlainly(stream: Buffer, settings: Settings): (Found | string)[] {
  const found: (Found | string)[] = [];
  for (let at = 0; at + 48 <= stream.length; ) {
    const full = found.length >= settings.login;
    const headerDigest = full && settings.headerDigest ? 4 : 0;
    const dataDigest = full && settings.dataDigest ? 4 : 0;
    const length = stream.readUIntBE(at + 5, 3);
    const headerEnd = at + 48 + stream[at + 4]! * 4;
    if (length > (full ? SEGMENT_MAX : LOGIN_SEGMENT_MAX)) return [...found, 'dataSegmentTooLong'];
    if (headerEnd + headerDigest > stream.length) break;
    const header = stream.subarray(at, headerEnd);
    if (headerDigest > 0 && digestOf([header]) !== getDigest(stream, headerEnd)) {
      return [...found, 'headerDigestError'];
    }
    const from = headerEnd + headerDigest;
    const padded = from + ((length + 3) & ~3);
    const end = length === 0 ? from : padded + dataDigest;
    if (end > stream.length) break;
    const isDigested = dataDigest > 0 && length > 0;
    const intact =
      !isDigested || digestOf([stream.subarray(from, padded)]) === getDigest(stream, padded);
    found.push({ header, data: stream.subarray(from, from + length), intact });
    at = end;
  }
  return found;
}

function encode(random: SeededRandom, settings: Settings, index: number): Buffer {
  const full = index >= settings.login;
  const sizes = full ? [0, 0, 1, 4, 511, 512, 8192, 30_000, 70_001] : [0, 5, 512, 8192];
  const data = random.below(200) === 0 && full ? SEGMENT_MAX : random.pick(sizes);
  const ahsWords = random.below(8) === 0 ? random.pick([1, 2, 12, 255]) : 0;
  const header = Buffer.alloc(48 + 4 * ahsWords, index);
  header[4] = ahsWords;
  header.writeUIntBE(data, 5, 3);
  const parts: Uint8Array[] = [header];
  if (full && settings.headerDigest) parts.push(digest(header));
  if (data > 0) {
    const padded = Buffer.alloc((data + 3) & ~3, random.below(256));
    // Padding need not be zero.
    padded[padded.length - 1] = random.below(256);
    parts.push(padded);
    if (full && settings.dataDigest) parts.push(digest(padded));
  }
  return Buffer.concat(parts);
}

function digest(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(4);
  putDigest(out, digestOf([bytes]));
  return out;
}

/** Takes PDUs and keeps the data of some in place, as slow commands do. */
class Keeper implements PduConsumer {
  ready = true;
  readonly found: (Found | string)[] = [];
  readonly #random: SeededRandom;
  readonly #login: number;
  readonly #onPdu: () => void;
  #kept: { found: Found; pieces: Uint8Array[]; slabs: (Slab | undefined)[] }[] = [];

  constructor(random: SeededRandom, login: number, onPdu: () => void) {
    this.#random = random;
    this.#login = login;
    this.#onPdu = onPdu;
  }

  onPdu(pdu: Pdu, intact: boolean): void {
    const header = Buffer.from(pdu.bytes.slice(pdu.base, pdu.base + 48 + pdu.ahsLength));
    const found = { header, data: Buffer.concat(pdu.data), intact };
    assert.equal(found.data.length, pdu.dataLength);
    this.found.push(found);
    this.ready = this.#random.below(6) > 0;
    this.#onPdu();
    // Who takes the texts of a login copies them.
    if (this.found.length <= this.#login) return;
    for (const slab of pdu.slabs) slab?.hold();
    this.#kept.push({ found, pieces: [...pdu.data], slabs: [...pdu.slabs] });
    if (this.#random.below(2) === 0) this.release(this.#random.below(this.#kept.length + 1));
  }

  onFramingFault(fault: string): void {
    this.found.push(fault);
  }

  release(count: number): void {
    for (const { found, pieces, slabs } of this.#kept.splice(0, count)) {
      assert.ok(Buffer.concat(pieces).equals(found.data), 'held data is not overwritten');
      for (const slab of slabs) slab?.release();
    }
  }
}

function fuzzFraming(seed: number): number {
  const random = new SeededRandom(seed);
  const settings = {
    headerDigest: random.below(2) === 0,
    dataDigest: random.below(2) === 0,
    login: random.below(3),
  };
  const count = 1 + random.below(PDUS_MAX);
  let stream: Buffer = Buffer.concat(
    Array.from({ length: count }, (_, index) => encode(random, settings, index)),
  );
  if (random.below(2) === 0) stream = mutated(stream, random);
  const expected = parsePlainly(stream, settings);

  const loginPool = new CountingSlabPool(LOGIN_BUFFER_BYTES);
  const pool = new CountingSlabPool();
  const enter = (): void => {
    if (keeper.found.length === settings.login) {
      reader.usePool(pool, SEGMENT_MAX);
      reader.useDigests(settings.headerDigest, settings.dataDigest);
    }
  };
  const keeper = new Keeper(random, settings.login, enter);
  const reader = new PduReader(keeper, loginPool, LOGIN_SEGMENT_MAX);
  enter();
  const cutMax = random.pick([1, 60, 1000, 65_536]) * (stream.length > 10_000 ? 20 : 1);
  for (let at = 0; at < stream.length; ) {
    // After a fault the connection ends, and nothing more is read.
    if (typeof keeper.found.at(-1) === 'string') break;
    const room = reader.buffer();
    assert.ok(room.length > 0, 'there is room for the next read');
    const length = Math.min(room.length, 1 + random.below(cutMax), stream.length - at);
    room.set(stream.subarray(at, at + length));
    reader.received(length);
    at += length;
    // Some more may come while the consumer is not ready; then it goes on.
    if (random.below(3) > 0) resume(reader, keeper);
  }
  resume(reader, keeper);
  assert.deepEqual(keeper.found, expected);
  keeper.release(count + 64);
  reader.close();
  assert.equal(pool.held + loginPool.held, 0, 'every slab is back');
  return count;
}

function resume(reader: PduReader, keeper: Keeper): void {
  while (!keeper.ready) {
    keeper.ready = true;
    reader.parse();
  }
}

function runSeed(seed: number): number {
  try {
    return fuzzFraming(seed);
  } catch (error) {
    throw new Error(`stream of seed ${seed}: ${(error as Error).message}`, { cause: error });
  }
}

test('streams that once were read wrongly are read right', () => {
  const corpus = new URL('corpus/framing-seeds.json', import.meta.url);
  for (const seed of JSON.parse(readFileSync(corpus, 'utf8')) as number[]) runSeed(seed);
});

test('random streams are cut into the PDUs that they hold', (t) => {
  const only = seedOfRun();
  if (only !== undefined) {
    runSeed(only);
    return;
  }
  const first = new SeededRandom().seed;
  let inputs = 0;
  let streams = 0;
  for (; inputs < inputsMin; streams++) inputs += runSeed((first + streams) >>> 0);
  t.diagnostic(`${inputs} PDUs in ${streams} streams from seed ${first}`);
});
