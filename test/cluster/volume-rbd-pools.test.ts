// Pools that are gone, or that a client may not use (yet): an image that needs one does not open,
// says so at once, and holds up none of the others that share its client.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createImage, createPool } from '../../lab/ceph/throwaway-pools.ts';
import { within } from '../../src/base/clock.ts';
import { Failure } from '../../src/base/failure.ts';
import { TOOL_SETTINGS } from '../../src/ceph/ceph-settings.ts';
import { clientCaps } from '../../src/ceph/client-caps.ts';
import { systemClock } from '../../src/host/system-clock.ts';
import type { RbdVolumeStore } from '../../src/volume/rbd/rbd-volume-store.ts';
import { bytes, content, done } from '../contract/volume-bytes.ts';
import { cephOfFile } from '../support/ceph.ts';
import { RbdWorld } from '../support/rbd-world.ts';
import { waitFor } from '../support/wait-for.ts';

const MIB = 2 ** 20;
/** A client that stands still does so for ever; all else takes milliseconds. */
const LIMIT_MS = 60_000;
/** How soon an opening is tried again: a refusal stands for some seconds. */
const AGAIN_MS = 200;
const LOST_POOLS = ['data', 'parents', 'parent-data', 'migrated'];
const BROKEN = ['data1', 'data2', 'data3', 'clone', 'clone-of-data', 'migrating'];

const ceph = await cephOfFile({ backend: 'memstore' });
for (const pool of ['rbd', ...LOST_POOLS]) await createPool(ceph, pool);
await createImages();
await ceph.createUser('gateway', clientCaps({ pool: 'rbd', namespace: '', dataPools: [] }));
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

/** A store of its own, which is closed however the test ends. */
function withStore(
  body: (store: RbdVolumeStore, world: RbdWorld) => Promise<void>,
  { user = 'admin', settings = {} } = {},
): () => Promise<void> {
  return async () => {
    const world = new RbdWorld(ceph.conf, user);
    try {
      await body(world.open({ pool: 'rbd', connect: () => world.connect(settings) }), world);
    } finally {
      await world.dispose();
    }
  };
}

/** Pools in which the user of a gateway may do what images need. */
async function allow(user: string, ...pools: readonly string[]): Promise<void> {
  const caps = Object.entries(clientCaps({ pool: 'rbd', namespace: '', dataPools: pools })).flat();
  await ceph.ask({ prefix: 'auth caps', entity: `client.${user}`, caps });
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

test(
  'images whose pools are gone are refused, and the client serves the others',
  withStore(async (store) => {
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
  }),
);

test(
  'an image is served to its end when its pool goes, and the others go on',
  withStore(async (store) => {
    await createPool(ceph, 'late');
    await createImage(ceph, { pool: 'rbd', name: 'ending', sizeBytes: MIB, dataPool: 'late' });
    const [good, late] = [await store.open('good'), await store.open('ending')];
    done(await late.write(0, [bytes(512, 1)]));
    await deletePool('late');
    // An OSD serves the pool until it has the map without it.
    const read = async () => (await late.read(0, [new Uint8Array(512)])).status;
    const refused = async () => {
      while ((await read()) !== 'readError');
    };
    await inTime('its read', refused());
    const write = late.write(0, [bytes(512, 2)]);
    assert.equal((await inTime('its write', Promise.resolve(write))).status, 'writeError');
    done(await inTime('a write', Promise.resolve(good.write(0, [bytes(512, 1)]))));
    await inTime('its end', late.close());
  }),
);

test(
  'commands prepare and delete what such images leave',
  withStore(
    async (store) => {
      await assert.rejects(inTime('a preparation', store.prepare('data1', true)), /no longer has/);
      await inTime('a deletion', store.delete('data1'));
      await inTime('a deletion', store.delete('clone'));
    },
    { settings: TOOL_SETTINGS },
  ),
);

test(
  'a pool that is granted while its client runs is used at once, and no command fails',
  withStore(
    async (store, world) => {
      const good = await store.open('good');
      let isOver = false;
      const load = async (at: number) => {
        // `store` is closed when anything fails: then its operations also fail.
        for (let count = 0; !isOver; count++) {
          done(await good.write(at, [bytes(512, count)]));
          assert.deepEqual(await content(good, at, 512), bytes(512, count));
        }
      };
      const loads = Promise.all([load(0), load(4096), load(8192)]);
      // What ends the test before is told first.
      loads.catch(() => undefined);
      const before = [...world.registered];
      await createPool(ceph, 'added');
      await createImage(ceph, { pool: 'rbd', name: 'late', sizeBytes: MIB, dataPool: 'added' });
      await assert.rejects(store.open('late'), {
        code: 'volumeForbidden',
        message: /may not use the pool added .*--pool rbd --data-pools added/,
      });
      await allow('gateway', 'added');
      const opened = async () => {
        for (;;) {
          try {
            return await store.open('late');
          } catch (error) {
            assert.ok(error instanceof Failure && error.code === 'volumeForbidden', String(error));
            await delay(AGAIN_MS);
          }
        }
      };
      const late = await inTime('an opening', opened());
      done(await late.write(0, [bytes(512, 7)]));
      assert.deepEqual(await content(late, 0, 512), bytes(512, 7));
      isOver = true;
      await inTime('the load', loads);
      await waitFor('the old client is closed', () => world.registered.size === 1, LIMIT_MS);
      assert.notDeepEqual([...world.registered], before, 'by another client');
    },
    { user: 'gateway' },
  ),
);
