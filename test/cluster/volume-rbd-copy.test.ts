// A copy between images goes from OSD to OSD where it is of whole objects: it is exact, holes stay
// holes, a snapshot of the destination keeps what it had, and what a parent backs is read instead.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createErasurePool, createPool } from '../../lab/ceph/throwaway-pools.ts';
import type { RbdVolumeStore } from '../../src/volume/rbd/rbd-volume-store.ts';
import type { Volume } from '../../src/volume/volume.ts';
import { bytes, content, done } from '../contract/volume-bytes.ts';
import { cephOfFile } from '../support/ceph.ts';
import { RbdWorld } from '../support/rbd-world.ts';

const MIB = 2 ** 20;
const OBJECT = 4 * MIB;
const ceph = await cephOfFile({ osds: 3 });
await createPool(ceph, 'rbd');
await createErasurePool(ceph, 'erasure');

async function within(body: (store: RbdVolumeStore) => Promise<void>) {
  const world = new RbdWorld(ceph.conf);
  try {
    await body(world.open({ pool: 'rbd', instances: 2 }));
  } finally {
    await world.dispose();
  }
}

/** Four objects: full, absent, full, and written in its middle. */
async function source(store: RbdVolumeStore, name: string): Promise<Volume> {
  await store.create(name, 4 * OBJECT);
  const volume = await store.open(name);
  done(await volume.write(0, [bytes(OBJECT, 1)]));
  done(await volume.write(2 * OBJECT, [bytes(OBJECT, 2)]));
  done(await volume.write(3 * OBJECT + MIB, [bytes(MIB, 3)]));
  return volume;
}

async function filled(store: RbdVolumeStore, name: string, options = {}): Promise<Volume> {
  await store.create(name, 4 * OBJECT, options);
  const volume = await store.open(name);
  done(await volume.write(0, [bytes(4 * OBJECT, 9)]));
  return volume;
}

test('whole objects are copied, between images and within one', () =>
  within(async (store) => {
    const from = await source(store, 'from');
    const to = await filled(store, 'to');
    done(await to.copyFrom(from, 0, 0, 4 * OBJECT));
    assert.deepEqual(await content(to, 0, 4 * OBJECT), await content(from, 0, 4 * OBJECT));
    const { extents } = await to.allocation(OBJECT, OBJECT, 8);
    assert.deepEqual(extents, [{ offset: OBJECT, length: OBJECT, allocated: false }]);
    done(await to.copyFrom(to, 2 * OBJECT, OBJECT, OBJECT));
    assert.deepEqual(await content(to, OBJECT, OBJECT), bytes(OBJECT, 2));
  }));

test('parts of objects, and objects of another size, are read and written', () =>
  within(async (store) => {
    const from = await source(store, 'parts');
    const to = await filled(store, 'whole');
    const small = await filled(store, 'small', { layout: { objectSizeBytes: MIB } });
    for (const [target, sourceOffset, offset, length] of [
      [to, MIB, 0, OBJECT],
      [to, 0, MIB, OBJECT],
      [to, 0, 0, MIB],
      [small, 0, 0, OBJECT],
    ] as const) {
      const { status } = await target.copyFrom(from, sourceOffset, offset, length);
      assert.equal(status, 'unsupported');
      assert.deepEqual(await content(target, 0, 4 * OBJECT), bytes(4 * OBJECT, 9));
    }
  }));

test('a pool with erasure coding takes copies of replicated objects', () =>
  within(async (store) => {
    const from = await source(store, 'replicated');
    const to = await filled(store, 'coded', { layout: { dataPool: 'erasure' } });
    const { status } = await to.copyFrom(from, 0, 0, 4 * OBJECT);
    assert.ok(status === 'done' || status === 'unsupported', status);
    if (status === 'done') {
      assert.deepEqual(await content(to, 0, 4 * OBJECT), await content(from, 0, 4 * OBJECT));
    }
  }));

test('a snapshot of the destination keeps what it had', () =>
  within(async (store) => {
    const from = await source(store, 'new');
    const to = await filled(store, 'kept');
    await ceph.rbd('snap', 'create', 'rbd/kept@before');
    done(await to.copyFrom(from, 0, 0, 4 * OBJECT));
    assert.deepEqual(await content(to, 0, OBJECT), bytes(OBJECT, 1));
    await ceph.rbd('snap', 'protect', 'rbd/kept@before');
    await ceph.rbd('clone', 'rbd/kept@before', 'rbd/look');
    const look = await store.open('look');
    assert.deepEqual(await content(look, 0, 4 * OBJECT), bytes(4 * OBJECT, 9));
    // What its parent backs is not in objects of its own.
    assert.equal((await to.copyFrom(look, 0, 0, OBJECT)).status, 'unsupported');
    done(await look.copyFrom(from, 0, OBJECT, 2 * OBJECT));
    assert.deepEqual(await content(look, OBJECT, OBJECT), bytes(OBJECT, 1));
    assert.deepEqual(await content(look, 2 * OBJECT, OBJECT), bytes(OBJECT, 0));
    assert.deepEqual(await content(look, 0, OBJECT), bytes(OBJECT, 9));
  }));
