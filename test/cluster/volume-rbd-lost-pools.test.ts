// Pools that are gone: an image that needs one does not open, says so at once, and holds up none of
// the others that share its client.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { within } from '../../src/base/clock.ts';
import { TOOL_SETTINGS } from '../../src/ceph/ceph-settings.ts';
import { createImage, createPool } from '../../src/ceph/throwaway/throwaway-pools.ts';
import { systemClock } from '../../src/host/system-clock.ts';
import { bytes, content, done } from '../contract/volume.ts';
import { cephOfFile } from '../support/ceph.ts';
import { RbdWorld } from '../support/rbd-world.ts';

const MIB = 2 ** 20;
/** A client that stands still does so for ever; all else takes milliseconds. */
const LIMIT_MS = 60_000;
const LOST_POOLS = ['data', 'parents', 'parent-data', 'migrated'];
const BROKEN = ['data1', 'data2', 'data3', 'clone', 'clone-of-data', 'migrating'];

const ceph = await cephOfFile({ backend: 'memstore' });
for (const pool of ['rbd', ...LOST_POOLS]) await createPool(ceph, pool);
await createImages();
for (const pool of LOST_POOLS) await deletePool(pool);

async function createImages(): Promise<void> {
  await createImage(ceph, { pool: 'rbd', name: 'good', sizeBytes: MIB });
  for (const name of ['data1', 'data2', 'data3']) {
    await createImage(ceph, { pool: 'rbd', name, sizeBytes: MIB, dataPool: 'data' });
  }
  await createImage(ceph, { pool: 'parents', name: 'p', sizeBytes: MIB });
  await createImage(ceph, { pool: 'rbd', name: 'p', sizeBytes: MIB, dataPool: 'parent-data' });
  await clone('parents/p', 'rbd/clone');
  await clone('rbd/p', 'rbd/clone-of-data');
  await createImage(ceph, { pool: 'migrated', name: 'source', sizeBytes: MIB });
  await ceph.rbd('migration', 'prepare', 'migrated/source', 'rbd/migrating');
}

async function clone(parent: string, image: string): Promise<void> {
  await ceph.rbd('snap', 'create', `${parent}@s`);
  await ceph.rbd('snap', 'protect', `${parent}@s`);
  await ceph.rbd('clone', `${parent}@s`, image, '--image-feature', 'layering');
}

async function deletePool(pool: string): Promise<void> {
  const sure = { yes_i_really_really_mean_it: true };
  await ceph.ask({ prefix: 'osd pool delete', pool, pool2: pool, ...sure });
}

/** Fails where a client stands still. */
async function inTime<T>(what: string, work: Promise<T>): Promise<T> {
  const result = await within(
    systemClock,
    LIMIT_MS,
    work.then((value) => ({ value })),
  );
  assert.ok(result !== undefined, `${what} does not end`);
  return result.value;
}

test('images whose pools are gone are refused, and the client serves the others', async () => {
  const world = new RbdWorld(ceph.conf);
  const store = world.open({ pool: 'rbd' });
  const good = await store.open('good');
  const opened = Promise.allSettled(BROKEN.map((name) => store.open(name)));
  for (const [i, outcome] of (await inTime('an opening', opened)).entries()) {
    assert.ok(outcome.status === 'rejected', BROKEN[i]);
    assert.match(
      String(outcome.reason),
      /pool number \d+, which the cluster no longer has/,
      BROKEN[i],
    );
  }
  done(await inTime('a write', Promise.resolve(good.write(0, [bytes(512, 1)]))));
  assert.deepEqual(await inTime('a read', content(good, 0, 512)), bytes(512, 1));
  await inTime('a new opening', store.open('good'));
  await world.dispose();
});

test('an image is served to its end when its pool goes, and the others go on', async () => {
  await createPool(ceph, 'late');
  await createImage(ceph, { pool: 'rbd', name: 'late', sizeBytes: MIB, dataPool: 'late' });
  const world = new RbdWorld(ceph.conf);
  const store = world.open({ pool: 'rbd' });
  const [good, late] = [await store.open('good'), await store.open('late')];
  done(await late.write(0, [bytes(512, 1)]));
  await deletePool('late');
  const read = late.read(0, [new Uint8Array(512)]);
  assert.equal((await inTime('its read', Promise.resolve(read))).status, 'readError');
  const write = late.write(0, [bytes(512, 2)]);
  assert.equal((await inTime('its write', Promise.resolve(write))).status, 'writeError');
  done(await inTime('a write', Promise.resolve(good.write(0, [bytes(512, 1)]))));
  await inTime('its end', late.close());
  await world.dispose();
});

test('commands prepare and delete what such images leave', async () => {
  const world = new RbdWorld(ceph.conf);
  const store = world.open({ pool: 'rbd', connect: () => world.connect(TOOL_SETTINGS) });
  await assert.rejects(inTime('a preparation', store.prepare('data1', true)), /no longer has/);
  await inTime('a deletion', store.delete('data1'));
  await inTime('a deletion', store.delete('clone'));
  await world.dispose();
});
