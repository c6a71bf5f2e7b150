// Operations of an image that call back: in the order of their results, in the turn in which those
// arrive; and a refused one later, never within the call.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLOCKING_CALLS_MAX, CallGate } from '../../../src/ceph/call-gate.ts';
import { CephCalls, type Completion } from '../../../src/ceph/ceph-calls.ts';
import type { CephNative } from '../../../src/ceph/ceph-native.ts';
import { EAGAIN, ESHUTDOWN } from '../../../src/ceph/errno.ts';
import type { RadosPool } from '../../../src/ceph/rados-pool.ts';
import { IMAGE_OPERATIONS_MAX, IMAGE_SEARCHES_MAX, RbdImage } from '../../../src/ceph/rbd-image.ts';
import { FakeCephNative } from '../../support/fake-ceph-native.ts';
import { settle } from '../../support/virtual-clock.ts';

// One addon for all tests of this file.
const native = new FakeCephNative();
const calls = new CephCalls(native as unknown as CephNative);
const gates = { gate: new CallGate(), searchGate: new CallGate() };
const pool = { calls, ...gates, handle: 1 } as unknown as RadosPool;

const completion = (complete: (result: number) => void): Completion => ({ complete });

async function submitted(): Promise<number[]> {
  await Promise.resolve();
  return native.batches.splice(0).flatMap(({ slots }) => slots);
}

test('reads and writes call back in the order of their results', async () => {
  const image = await RbdImage.open(pool, 'one');
  const ended: string[] = [];
  image.startRead(
    0,
    [new Uint8Array(8)],
    completion((read) => ended.push(`read ${read}`)),
  );
  image.startWrite(
    8,
    [new Uint8Array(8)],
    completion((errno) => ended.push(`write ${errno}`)),
  );
  const [reading = 0, writing = 0] = await submitted();
  assert.equal(image.inFlight, 2);
  native.end([writing, reading]);
  assert.deepEqual(ended, [`write ${writing + 1000}`, `read ${reading + 1000}`]);
  assert.equal(image.inFlight, 0);
  assert.equal(await image.close(), 0);
});

test('what is refused is told later, and submits nothing', async () => {
  const image = await RbdImage.open(pool, 'one');
  for (let i = 0; i < IMAGE_OPERATIONS_MAX; i++)
    image.startRead(
      0,
      [],
      completion(() => {}),
    );
  const told: number[] = [];
  image.startRead(
    0,
    [],
    completion((errno) => told.push(errno)),
  );
  assert.equal(told.length, 0);
  const slots = await submitted();
  assert.deepEqual([slots.length, told], [IMAGE_OPERATIONS_MAX, [EAGAIN]]);
  for (let i = 0; i < slots.length; i += 1024) native.end(slots.slice(i, i + 1024));
  await image.close();
  image.startWrite(
    0,
    [],
    completion((errno) => told.push(errno)),
  );
  assert.deepEqual(told, [EAGAIN]);
  assert.deepEqual(await submitted(), []);
  assert.deepEqual(told, [EAGAIN, ESHUTDOWN]);
});

test('searches that hang keep no thread from the headers and searches of other images', async () => {
  const hung = await RbdImage.open(pool, 'hung');
  const other = await RbdImage.open(pool, 'other');
  const searching = Array.from({ length: 2 * BLOCKING_CALLS_MAX }, () => hung.diffIterate(0, 8));
  await settle();
  assert.equal(native.searches.length, IMAGE_SEARCHES_MAX);
  assert.equal(await other.refresh(), 0);
  const found = other.diffIterate(0, 8);
  await settle();
  native.endSearch(native.searches.at(-1)!);
  assert.equal((await found).errno, 0);
  while (native.searches.length > 0) {
    native.endSearch(native.searches[0]!);
    await settle();
  }
  assert.ok((await Promise.all(searching)).every(({ errno }) => errno === 0));
  await Promise.all([hung.close(), other.close()]);
});
