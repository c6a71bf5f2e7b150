// An image is opened only when every pool is there that librbd will look for: its own data pool,
// and those of all images that it is read through.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cephFailure } from '../../../../src/ceph/ceph-failure.ts';
import { ENOENT, EPERM } from '../../../../src/ceph/errno.ts';
import type { ReadStep } from '../../../../src/ceph/object-steps.ts';
import type { RadosClient } from '../../../../src/ceph/rados-client.ts';
import type { RadosPool, ReadResult } from '../../../../src/ceph/rados-pool.ts';
import type { PoolNeed } from '../../../../src/volume/rbd/capabilities.ts';
import { imagePools } from '../../../../src/volume/rbd/image-pools.ts';

const OWN = 1;

/** Pools by number, each with its objects: the bytes of one, or its omap. */
type Objects = Readonly<Record<string, Uint8Array | Readonly<Record<string, Uint8Array>> | number>>;
type Pools = Readonly<Record<number, Objects>>;

function number(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

function text(value: string): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.length);
  return Buffer.concat([length, Buffer.from(value)]);
}

function parent(poolId: number, id: string): Uint8Array {
  const body = [number(poolId), text(''), text(id), number(4), Uint8Array.of(1), number(4096)];
  return Buffer.concat([Uint8Array.of(2, 2, 0, 0, 0, 0), ...body]);
}

async function required(pools: Pools): Promise<readonly PoolNeed[]> {
  let open = 0;
  const openPool = async (id: number): Promise<RadosPool> => {
    const objects = pools[id];
    if (objects === undefined) throw cephFailure('rados_ioctx_create', ENOENT, `the pool ${id}`);
    open += 1;
    const read = async (object: string, [step]: readonly ReadStep[]): Promise<ReadResult> => {
      const found = objects[object] ?? ENOENT;
      if (typeof found === 'number') return { errno: found, version: 0, values: [] };
      const value =
        found instanceof Uint8Array
          ? { step: 'read' as const, bytes: found }
          : { step: 'omapGetValuesByKeys' as const, values: new Map(Object.entries(found)) };
      assert.equal(step?.step, value.step);
      return { errno: 0, version: 1, values: [value] };
    };
    const close = () => {
      open -= 1;
    };
    return { read, close } as unknown as RadosPool;
  };
  const own = await openPool(OWN);
  try {
    const sought = { name: 'disk', id: undefined, namespace: '' };
    return await imagePools({ openPool } as unknown as RadosClient, own, sought);
  } finally {
    own.close();
    assert.equal(open, 0, 'every pool is let go of');
  }
}

const named = { 'rbd_id.disk': text('d1') };

test('an image whose pools are there may be opened', async () => {
  await required({ [OWN]: { ...named, 'rbd_header.d1': {} } });
  const header = { data_pool_id: number(2), parent: parent(3, 'p1') };
  const parentPool = { 'rbd_header.p1': { data_pool_id: number(2) } };
  const needs = await required({
    [OWN]: { ...named, 'rbd_header.d1': header },
    2: {},
    3: parentPool,
  });
  assert.deepEqual(
    needs.map(({ pool, access }) => `${access} ${pool}`),
    ['write 2', 'read 3', 'read 2'],
  );
});

test('an image whose data pool is gone may not', async () => {
  const pools = { [OWN]: { ...named, 'rbd_header.d1': { data_pool_id: number(2) } } };
  await assert.rejects(required(pools), { code: 'volumeBroken', message: /pool number 2/ });
});

test('nor one whose parent, or the data of whose grandparent, were in such a pool', async () => {
  const own = { ...named, 'rbd_header.d1': { parent: parent(3, 'p1') } };
  await assert.rejects(required({ [OWN]: own }), { message: /pool number 3/ });
  const parents = { 'rbd_header.p1': { parent: parent(3, 'p2') } };
  const grand = { 'rbd_header.p2': { data_pool_id: number(4) } };
  await assert.rejects(required({ [OWN]: own, 3: { ...parents, ...grand } }), {
    message: /pool number 4/,
  });
});

test('images that are parents of each other end the search', async () => {
  const own = { ...named, 'rbd_header.d1': { parent: parent(OWN, 'd1') } };
  await assert.rejects(required({ [OWN]: own }), { code: 'volumeBroken', message: /more than/ });
});

test('what is not there, or may not be read, is left for librbd to say', async () => {
  await required({ [OWN]: {} });
  await required({ [OWN]: named });
  await required({ [OWN]: { ...named, 'rbd_header.d1': EPERM } });
  const header = { parent: parent(3, 'p1') };
  await required({ [OWN]: { ...named, 'rbd_header.d1': header }, 3: { 'rbd_header.p1': EPERM } });
});
