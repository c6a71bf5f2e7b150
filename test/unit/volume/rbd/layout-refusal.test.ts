// Which layouts an image can be made with, and what is said of the others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENOENT, EPERM } from '../../../../src/ceph/errno.ts';
import {
  createHint,
  layoutRefusal,
  orderOf,
  poolNames,
} from '../../../../src/volume/rbd/layout-refusal.ts';
import type { VolumeLayout } from '../../../../src/volume/volume.ts';

const pools = [
  { pool_id: 1, pool_name: 'rbd', type: 1, flags_names: 'hashpspool' },
  { pool_id: 2, pool_name: 'plain', type: 1, flags_names: 'hashpspool,selfmanaged_snaps' },
  { pool_id: 3, pool_name: 'coded', type: 3, flags_names: 'hashpspool,ec_overwrites' },
  { pool_id: 4, pool_name: 'append', type: 3, flags_names: 'hashpspool' },
];

type Client = Parameters<typeof layoutRefusal>[0];
const place = { pool: 'rbd' };

/** `readErrno`: what reading in a data pool ends with. */
function client(errno = 0, readErrno = ENOENT): Client {
  return {
    monCommand: async () => ({ errno, output: JSON.stringify(pools), status: 'why' }),
    openPool: async () =>
      ({ read: async () => ({ errno: readErrno, values: [] }), close: () => {} }) as never,
  };
}

const refusalOf = (layout: VolumeLayout) => layoutRefusal(client(), place, layout);

test('an object size is a power of two within the bounds of librbd', async () => {
  assert.equal(orderOf({}), 22);
  assert.equal(orderOf({ objectSizeBytes: 4096 }), 12);
  assert.equal(orderOf({ objectSizeBytes: 2 ** 25 }), 25);
  for (const objectSizeBytes of [0, 2048, 3 * 4096, 2 ** 26, Number.NaN]) {
    assert.match((await refusalOf({ objectSizeBytes })) ?? '', /power of two from 4K to 32M/);
  }
  assert.equal(await refusalOf({ objectSizeBytes: 65_536 }), undefined);
});

test('a data pool is there, is not the pool of the images, and takes overwrites', async () => {
  for (const dataPool of ['plain', 'coded']) assert.equal(await refusalOf({ dataPool }), undefined);
  assert.match((await refusalOf({ dataPool: 'none' })) ?? '', /has no pool none/);
  assert.match((await refusalOf({ dataPool: 'rbd' })) ?? '', /is the pool of the images/);
  const words = (await refusalOf({ dataPool: 'append' })) ?? '';
  assert.match(words, /ceph osd pool set append allow_ec_overwrites true$/);
});

test('a data pool that the user may not use is refused', async () => {
  const words = await layoutRefusal(client(0, EPERM), place, { dataPool: 'coded' });
  assert.match(words ?? '', /may not use the pool coded: see "allpath ceph caps --data-pools"/);
});

test('a refused image is told with what may be missing', () => {
  const within = { pool: 'p', namespace: 'n' };
  assert.match(createHint(within, ENOENT), /rbd namespace create p\/n$/);
  assert.match(createHint(within, EPERM), /rbd pool init p\)/);
  assert.equal(createHint({ pool: 'p' }, ENOENT), '');
});

test('nothing is asked of the cluster without a data pool, and a refusal is told', async () => {
  assert.equal(await layoutRefusal(client(-13), place, {}), undefined);
  const refused = layoutRefusal(client(-13), place, { dataPool: 'plain' });
  await assert.rejects(refused, { code: 'cephFailed', message: /why/ });
  assert.equal((await poolNames(client())).get(3), 'coded');
});
