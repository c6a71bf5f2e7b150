// What an image may be, and what its clones and snapshots keep: images that gateways must not share
// are refused with the command that repairs them, a parent's data and a snapshot's are never
// changed by a compare-and-write or a part of a write.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createImage, createPool } from '../../lab/ceph/throwaway-pools.ts';
import { Failure } from '../../src/base/failure.ts';
import type { RbdVolumeStore } from '../../src/volume/rbd/rbd-volume-store.ts';
import type { Volume } from '../../src/volume/volume.ts';
import { bytes, content, done } from '../contract/volume-bytes.ts';
import { cephOfFile } from '../support/ceph.ts';
import { RbdWorld } from '../support/rbd-world.ts';

const MIB = 2 ** 20;
const OBJECT = 4 * MIB;
const ceph = await cephOfFile({ backend: 'memstore' });
await createPool(ceph, 'rbd');

async function within(body: (store: RbdVolumeStore, world: RbdWorld) => Promise<void>) {
  const world = new RbdWorld(ceph.conf);
  try {
    await body(world.open({ pool: 'rbd' }), world);
  } finally {
    await world.dispose();
  }
}

/** Runs the command that a refusal names, as an operator pastes it. */
async function repair(command: string): Promise<void> {
  const [program, ...args] = command.split(' ');
  assert.equal(program, 'rbd');
  await ceph.rbd(...args);
}

async function refusal(store: RbdVolumeStore, name: string): Promise<readonly string[]> {
  const error = await store.open(name).then(
    () => assert.fail(`${name} was opened`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Failure && error.code === 'volumeUnsuitable', String(error));
  return error.data['commands'] as readonly string[];
}

test('an image of one writer is refused, and taken once its command has been run', () =>
  within(async (store) => {
    const features = ['layering', 'exclusive-lock', 'object-map', 'fast-diff', 'journaling'];
    await createImage(ceph, { pool: 'rbd', name: 'locked', sizeBytes: MIB, features });
    const commands = await refusal(store, 'locked');
    assert.equal(commands.length, 1);
    for (const command of commands) await repair(command);
    done(await (await store.open('locked')).write(0, [bytes(512, 1)]));
  }));

test('a cache that image or pool switch on is refused, and taken when it is removed', () =>
  within(async (store) => {
    await store.create('cached', MIB);
    await ceph.rbd('image-meta', 'set', 'rbd/cached', 'conf_rbd_cache', 'true');
    await ceph.rbd('config', 'pool', 'set', 'rbd', 'rbd_cache', 'true');
    const commands = await refusal(store, 'cached');
    assert.equal(commands.length, 2);
    for (const command of commands) await repair(command);
    done(await (await store.open('cached')).write(0, [bytes(512, 1)]));
  }));

test('prepare mends what is the own of an image, and says what is not', () =>
  within(async (store) => {
    const features = ['layering', 'exclusive-lock', 'object-map', 'fast-diff', 'journaling'];
    await createImage(ceph, { pool: 'rbd', name: 'mended', sizeBytes: MIB, features });
    await ceph.rbd('image-meta', 'set', 'rbd/mended', 'conf_rbd_cache', 'true');
    await assert.rejects(store.prepare('mended', false), { code: 'volumeUnsuitable' });
    await ceph.rbd('config', 'pool', 'set', 'rbd', 'rbd_cache', 'true');
    await assert.rejects(store.prepare('mended', true), (error: Failure) => {
      assert.deepEqual(error.data['commands'], ['rbd config pool remove rbd rbd_cache']);
      return true;
    });
    await ceph.rbd('config', 'pool', 'remove', 'rbd', 'rbd_cache');
    await store.prepare('mended', false);
    done(await (await store.open('mended')).write(0, [bytes(512, 1)]));
  }));

test('striping that splits blocks is refused; any other keeps its bytes and its compares', () =>
  within(async (store) => {
    const stripes = ['--size', '64M', '--stripe-count', '3', '--stripe-unit'];
    await ceph.rbd('create', 'rbd/split', ...stripes, '2048', '--image-feature', 'layering');
    assert.match((await refusal(store, 'split'))[0]!, /^rbd deep cp/);
    await ceph.rbd('create', 'rbd/striped', ...stripes, '65536', '--image-feature', 'layering');
    const volume = await store.open('striped');
    assert.equal(volume.limits.atomicBoundaryBytes, 65_536);
    for (let at = 0; at < 40 * MIB; at += 5 * MIB + 61_440) {
      done(await volume.write(at, [bytes(4096, 7)]));
      done(await volume.compareAndWrite(at, [bytes(4096, 7)], [bytes(4096, 8)]));
      assert.deepEqual(await content(volume, at, 4096), bytes(4096, 8));
    }
  }));

test('what is no image is not found, and no name for one is refused', () =>
  within(async (store) => {
    await assert.rejects(store.open('nothing'), { code: 'volumeNotFound' });
    await assert.rejects(store.resize('nothing', MIB), { code: 'volumeNotFound' });
    await assert.rejects(store.delete('nothing'), { code: 'volumeNotFound' });
    for (const name of ['', 'a/b', 'a@b', 'a b', 'x'.repeat(129)]) {
      await assert.rejects(store.create(name, MIB), { code: 'volumeBadName' });
      await assert.rejects(store.open(name), { code: 'volumeBadName' });
    }
  }));

/** A parent of 5 objects, of which the last two were never written, and a clone of it. */
async function cloned(store: RbdVolumeStore, parent: string, clone: string): Promise<Volume> {
  await store.create(parent, 5 * OBJECT);
  const volume = await store.open(parent);
  for (let object = 0; object < 3; object++) {
    done(await volume.write(object * OBJECT, [bytes(16_384, 7)]));
  }
  await volume.close();
  await ceph.rbd('snap', 'create', `rbd/${parent}@base`);
  await ceph.rbd('snap', 'protect', `rbd/${parent}@base`);
  await ceph.rbd('clone', `rbd/${parent}@base`, `rbd/${clone}`, '--image-feature', 'layering');
  return await store.open(clone);
}

test('a clone keeps its parent data beside what is compared, written and zeroed', () =>
  within(async (store) => {
    const volume = await cloned(store, 'parent', 'clone');
    const seven = bytes(4096, 7);
    const zero = bytes(4096, 0);
    // A miscompare against zeros, which the absent object of the clone would be.
    assert.deepEqual(await volume.compareAndWrite(0, [zero], [bytes(4096, 9)]), {
      status: 'miscompare',
      offset: 0,
    });
    assert.deepEqual(await content(volume, 0, 4096), seven);
    done(await volume.compareAndWrite(OBJECT + 4096, [seven], [bytes(4096, 9)]));
    done(await volume.write(2 * OBJECT + 512, [bytes(512, 9)]));
    done(await volume.compareAndWrite(4 * OBJECT, [zero], [bytes(4096, 9)]));
    done(await volume.unmap(512, 512));
    const expected = [bytes(16_384, 7), bytes(16_384, 7), bytes(16_384, 7)];
    expected[0]!.fill(0, 512, 1024);
    expected[1]!.fill(9, 4096, 8192);
    expected[2]!.fill(9, 512, 1024);
    for (const [object, whole] of expected.entries()) {
      assert.deepEqual(await content(volume, object * OBJECT, 16_384), whole);
    }
    assert.deepEqual(await content(volume, 4 * OBJECT, 8192), joined(bytes(4096, 9), zero));
    const { extents } = await volume.allocation(0, 16_384, 8);
    assert.equal(extents[0]?.allocated, true, 'what the parent holds counts as allocated');
  }));

test('many compare-and-writes at one time on objects not copied up lose nothing', () =>
  within(async (store, world) => {
    const volume = await cloned(store, 'racy-parent', 'racy');
    const other = await world.open({ pool: 'rbd' }).open('racy');
    const results = await Promise.all(
      Array.from({ length: 32 }, (_, index) => {
        const at = (index % 2) * OBJECT + Math.floor(index / 2) * 1024;
        const by = index % 3 === 0 ? other : volume;
        return index % 5 === 0
          ? by.write(at, [bytes(512, 9)])
          : by.compareAndWrite(at, [bytes(512, 7)], [bytes(512, 9)]);
      }),
    );
    for (const result of results) done(result);
    for (const object of [0, 1]) {
      const whole = await content(volume, object * OBJECT, 16_384);
      for (let at = 0; at < 16_384; at += 512) {
        assert.equal(whole[at], at % 1024 === 0 ? 9 : 7, `object ${object} at ${at}`);
      }
    }
  }));

test('a clone that is flattened while it is open compares as before', () =>
  within(async (store) => {
    const volume = await cloned(store, 'flat-parent', 'flat');
    await ceph.rbd('flatten', 'rbd/flat');
    for (const object of [0, 3]) {
      const present = bytes(512, object === 0 ? 7 : 0);
      done(await volume.compareAndWrite(object * OBJECT, [present], [bytes(512, 9)]));
    }
    assert.deepEqual(await content(volume, 512, 512), bytes(512, 7));
  }));

test('snapshots keep what they had, by whoever and whenever they were made', () =>
  within(async (store, world) => {
    await store.create('snapped', 2 * OBJECT);
    const volume = await store.open('snapped');
    for (let round = 1; round <= 4; round++) {
      const before = bytes(4096, round);
      done(await volume.write(OBJECT, [before]));
      await ceph.rbd('snap', 'create', `rbd/snapped@s${round}`);
      done(await volume.compareAndWrite(OBJECT, [before], [bytes(4096, 99)]));
    }
    await ceph.rbd('snap', 'rm', 'rbd/snapped@s2');
    done(await volume.compareAndWrite(OBJECT, [bytes(4096, 99)], [bytes(4096, 98)]));
    for (const round of [1, 3, 4]) {
      // `rbd diff` cannot show content: a clone of the snapshot does.
      await ceph.rbd('snap', 'protect', `rbd/snapped@s${round}`);
      const clone = `snapped-${round}`;
      await ceph.rbd(
        'clone',
        `rbd/snapped@s${round}`,
        `rbd/${clone}`,
        '--image-feature',
        'layering',
      );
      const seen = await world.open({ pool: 'rbd' }).open(clone);
      assert.deepEqual(await content(seen, OBJECT, 4096), bytes(4096, round));
    }
  }));

test('a snapshot in the trash, which a clone still needs, keeps what it had', () =>
  within(async (store) => {
    await store.create('trashed', OBJECT);
    const volume = await store.open('trashed');
    done(await volume.write(0, [bytes(4096, 5)]));
    await ceph.rbd('snap', 'create', 'rbd/trashed@base');
    const options = ['--rbd-default-clone-format', '2', '--image-feature', 'layering'];
    await ceph.rbd('clone', 'rbd/trashed@base', 'rbd/kept', ...options);
    await ceph.rbd('snap', 'rm', 'rbd/trashed@base');
    done(await volume.compareAndWrite(0, [bytes(4096, 5)], [bytes(4096, 6)]));
    assert.deepEqual(await content(await store.open('kept'), 0, 4096), bytes(4096, 5));
  }));

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
