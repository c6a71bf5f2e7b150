// Proves, for a pool whose quota is full: operations that need no new space continue, others end
// noSpace at once, and writes continue when there is space again; also with a separate data pool.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import type { Volume, VolumeLayout } from '../../src/volume/volume.ts';
import { bytes, content, done } from '../contract/volume-bytes.ts';
import { cephOfFile } from '../support/ceph.ts';
import { RbdWorld } from '../support/rbd-world.ts';

const MIB = 2 ** 20;
const OBJECT = 4 * MIB;
/** A quota is found exceeded, and found free again, at the pace of the manager's figures. */
const FLAG_LIMIT_MS = 60_000;
const QUOTA_BYTES = 2 * MIB;

const ceph = await cephOfFile({
  backend: 'memstore',
  mgr: true,
  lines: { mgr: ['mgr stats period = 1'] },
});
await createPool(ceph, 'rbd');
await createPool(ceph, 'data');

/** Writes to new objects until a write ends so; resolves where the first such was. */
async function writeUntil(volume: Volume, status: string, from: number): Promise<number> {
  const deadline = performance.now() + FLAG_LIMIT_MS;
  for (let at = from; at < volume.sizeBytes; at += OBJECT) {
    const result = await volume.write(at, [bytes(65_536, 1)]);
    if (result.status === status) return at;
    assert.ok(['done', 'noSpace'].includes(result.status), result.status);
    assert.ok(performance.now() < deadline, `no ${status} within ${FLAG_LIMIT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail(`the volume ended before ${status}`);
}

async function fill(pool: string, layout: VolumeLayout): Promise<void> {
  const options = { pool: 'rbd' };
  const world = new RbdWorld(ceph.conf);
  const setQuota = (limit: number) =>
    ceph.ask({ prefix: 'osd pool set-quota', pool, field: 'max_bytes', val: String(limit) });
  try {
    const store = world.open(options);
    await store.create('filling', 4096 * OBJECT, { layout });
    const volume = await store.open('filling');
    done(await volume.write(0, [bytes(2 * QUOTA_BYTES, 5)]));
    await setQuota(QUOTA_BYTES);
    const at = await writeUntil(volume, 'noSpace', OBJECT);
    const space = (await store.space())(volume);
    assert.equal(space?.availableBytes, 0);
    assert.ok(space.usedBytes >= QUOTA_BYTES);
    const places = await store.places(layout.dataPool === undefined ? [] : [layout.dataPool]);
    const full = places.find(({ place }) => place === `pool ${pool}`);
    assert.deepEqual([full?.availableBytes, places.length], [0, new Set(['rbd', pool]).size]);
    done(await volume.write(4096, [bytes(4096, 6)]));
    done(await volume.compareAndWrite(4096, [bytes(4096, 6)], [bytes(4096, 7)]));
    assert.deepEqual(await content(volume, 4096, 4096), bytes(4096, 7));
    assert.equal((await volume.write(at + OBJECT, [bytes(512, 1)])).status, 'noSpace');
    const absent = await volume.compareAndWrite(at + OBJECT, [bytes(512, 0)], [bytes(512, 1)]);
    assert.equal(absent.status, 'noSpace');
    done(await volume.unmap(8192, 4096));
    const other = await world.open(options).open('filling');
    done(await other.write(0, [bytes(512, 8)]));
    await setQuota(0);
    await writeUntil(volume, 'done', at + 2 * OBJECT);
  } finally {
    await world.dispose(options);
  }
}

test('a full pool stops what needs space, at once, and nothing else', () => fill('rbd', {}));

test('a full data pool does the same', () => fill('data', { dataPool: 'data' }));
