// What the header of a clone, or of an image under migration, names as what it is read through:
// Ceph's bytes in, a reference out, and nothing from bytes that end early.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrationSource, parentOf } from '../../../../src/volume/rbd/image-reference.ts';

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function i64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.concat([u32(value.length), Buffer.from(value)]);
}

function struct(version: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([version, 1]), u32(body.length), body]);
}

const SNAPSHOT = i64(4n);
const OVERLAP = i64(4096n);
const ON = Buffer.from([1]);
const OFF = Buffer.from([0]);

test('a parent is named by pool, namespace and identifier', () => {
  const bytes = struct(2, i64(7n), text('team'), text('10ab'), SNAPSHOT, ON, OVERLAP);
  assert.deepEqual(parentOf(bytes), { poolId: 7, namespace: 'team', id: '10ab' });
});

test('a parent of the first version has no namespace', () => {
  const bytes = struct(1, i64(7n), text('10ab'), SNAPSHOT, OVERLAP);
  assert.deepEqual(parentOf(bytes), { poolId: 7, namespace: '', id: '10ab' });
});

test('a parent of which nothing is read any longer is none', () => {
  const none = struct(2, i64(-1n), text(''), text(''), SNAPSHOT, OFF);
  const flattened = struct(2, i64(7n), text(''), text('10ab'), SNAPSHOT, OFF);
  const shrunk = struct(2, i64(7n), text(''), text('10ab'), SNAPSHOT, ON, i64(0n));
  for (const bytes of [none, flattened, shrunk]) assert.equal(parentOf(bytes), undefined);
});

test('what an image is migrated from is named, and nothing by the source itself', () => {
  const rest = [i64(7n), text('team'), text('old'), text('10ab'), text('')];
  const source = { poolId: 7, namespace: 'team', id: '10ab' };
  assert.deepEqual(migrationSource(struct(3, Buffer.from([2]), ...rest)), source);
  assert.equal(migrationSource(struct(3, Buffer.from([1]), ...rest)), undefined);
});

test('an image that is imported from a stream depends on no pool', () => {
  const rest = [i64(-1n), text(''), text(''), text(''), text('{"type":"raw"}')];
  assert.equal(migrationSource(struct(3, Buffer.from([2]), ...rest)), undefined);
});

test('what ends early is not understood', () => {
  const bytes = struct(2, i64(7n), text('team'), text('10ab'), SNAPSHOT, ON, OVERLAP);
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(parentOf(bytes.subarray(0, length)), undefined);
  }
});
