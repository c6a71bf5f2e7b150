// What others do to an image while gateways serve it: a feature or a role that it may not have ends
// every operation on every gateway, through librbd and past it, until it is taken back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RbdImage } from '../../src/ceph/rbd-image.ts';
import { createPool } from '../../src/ceph/throwaway/throwaway-pools.ts';
import type { Volume, VolumeResult } from '../../src/volume/volume.ts';
import { bytes, content } from '../contract/volume.ts';
import { cephOfFile } from '../support/ceph.ts';
import { RbdWorld } from '../support/rbd-world.ts';
import { waitFor } from '../support/wait-for.ts';

const MIB = 2 ** 20;
const OBJECT = 4 * MIB;
const BLOCK = 512;
const ceph = await cephOfFile({ backend: 'memstore' });
await createPool(ceph, 'rbd');

/** The same image, open by two gateways. */
async function twice(
  name: string,
  body: (volumes: readonly [Volume, Volume], world: RbdWorld) => Promise<void>,
): Promise<void> {
  const world = new RbdWorld(ceph.conf);
  try {
    const stores = [world.open({ pool: 'rbd' }), world.open({ pool: 'rbd' })] as const;
    await stores[0].create(name, 4 * OBJECT);
    await body([await stores[0].open(name), await stores[1].open(name)], world);
  } finally {
    await world.dispose();
  }
}

/** Everything that a volume does, and what each comes to. */
async function everything(volume: Volume): Promise<readonly string[]> {
  const block = bytes(BLOCK, 7);
  const results: VolumeResult[] = [
    await volume.read(0, [bytes(BLOCK, 0)]),
    await volume.write(0, [block]),
    await volume.compareAndWrite(0, [block], [block]),
    await volume.writeSame(0, 2 * BLOCK, block),
    await volume.unmap(BLOCK, BLOCK),
    await volume.writeZeroes(BLOCK, BLOCK),
    await volume.flush(),
  ];
  const { result } = await volume.allocation(0, BLOCK, 1);
  return [...results, result].map(({ status }) => status);
}

const refused = Array(8).fill('unservable');
const served = Array(8).fill('done');

/** The first block of each object but the last, as a client sees them that holds the lock. */
async function seenByLockHolder(world: RbdWorld, name: string): Promise<readonly number[]> {
  const client = await world.connect();
  const pool = await client.openPool('rbd');
  const image = await RbdImage.open(pool, name);
  try {
    // A write takes the lock, and with it the object map.
    assert.equal(await image.write(3 * OBJECT, [bytes(BLOCK, 1)]), 0);
    const blocks = [0, 1, 2].map(async (object) => {
      const block = bytes(BLOCK, 0);
      assert.equal(await image.read(object * OBJECT, [block]), BLOCK);
      return block[0]!;
    });
    return await Promise.all(blocks);
  } finally {
    await image.close();
    pool.close();
    await client.close();
  }
}

test('whatever was answered is seen by a client with an object map', () =>
  twice('mapped', async (volumes, world) => {
    const answers = async () => {
      const exchange = async (volume: Volume, object: number) =>
        await volume.compareAndWrite(object * OBJECT, [bytes(BLOCK, 0)], [bytes(BLOCK, 9)]);
      return [await exchange(volumes[0], 0), await exchange(volumes[1], 1)].map(
        ({ status }) => status,
      );
    };
    await ceph.rbd('feature', 'enable', 'rbd/mapped', 'exclusive-lock', 'object-map');
    await ceph.rbd('object-map', 'rebuild', 'rbd/mapped');
    const before = await answers();
    const expected = before.map((status) => (status === 'done' ? 9 : 0));
    assert.deepEqual(await seenByLockHolder(world, 'mapped'), [...expected, 0]);
    assert.deepEqual(before, ['unservable', 'unservable']);
    for (const volume of volumes) {
      assert.deepEqual(await everything(volume), refused);
      assert.match(volume.unservable ?? '', /rbd feature disable/);
    }
    await ceph.rbd('feature', 'disable', 'rbd/mapped', 'object-map', 'exclusive-lock');
    assert.deepEqual(await answers(), ['done', 'done']);
    for (const volume of volumes) {
      assert.equal(volume.unservable, undefined);
      assert.deepEqual(await content(volume, OBJECT, BLOCK), bytes(BLOCK, 9));
    }
  }));

test('a demoted image takes nothing, and all again when it is promoted', () =>
  twice('mirrored', async (volumes) => {
    await ceph.rbd('mirror', 'pool', 'enable', 'rbd', 'image');
    await ceph.rbd('mirror', 'image', 'enable', 'rbd/mirrored', 'snapshot');
    for (const volume of volumes) assert.deepEqual(await everything(volume), served);
    await ceph.rbd('mirror', 'image', 'demote', 'rbd/mirrored');
    for (const volume of volumes) {
      assert.deepEqual(await everything(volume), refused);
      assert.match(volume.unservable ?? '', /rbd mirror image promote rbd\/mirrored/);
    }
    await ceph.rbd('mirror', 'image', 'promote', 'rbd/mirrored');
    for (const volume of volumes) {
      await waitFor('it is served again', () => volume.unservable === undefined, 20_000);
      assert.deepEqual(await everything(volume), served);
    }
  }));
