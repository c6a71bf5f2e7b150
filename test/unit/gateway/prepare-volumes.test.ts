// What a document asks of how its volumes lie: made so, held against what is there, and refused
// whole before anything is made.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffDocuments } from '../../../src/config/diff.ts';
import { prepareVolumes } from '../../../src/gateway/prepare-volumes.ts';
import { MemoryStore } from '../../../src/volume/memory.ts';
import type { VolumeEntry, VolumeLayout, VolumeStore } from '../../../src/volume/volume.ts';
import { clusterDocument } from '../../support/cluster-document.ts';

const empty = clusterDocument({});
const SIZE = 2 ** 20;

/** A store of names alone that takes every layout but those of the pool `none`. */
function laidStore(entries: VolumeEntry[] = []) {
  const store = {
    entries,
    create: async (name: string, sizeBytes: number, layout: VolumeLayout = {}) => {
      entries.push({ name, sizeBytes, layout });
    },
    judgeLayout: async ({ dataPool }: VolumeLayout) =>
      dataPool === 'none' ? 'the cluster has no pool none' : undefined,
    list: async () => entries,
  };
  return store as typeof store & VolumeStore;
}

function diffTo(disks: readonly object[], from = empty) {
  return diffDocuments(from, clusterDocument({ disks }), false);
}

const disk = { name: 'a', size: SIZE, uuid: '00000000-0000-4000-8000-000000000001' };

test('a volume is made with the layout of its disk', async () => {
  const store = laidStore();
  const laid = { ...disk, dataPool: 'data', objectSize: '64K' };
  await prepareVolumes(store, diffTo([laid, { name: 'b', size: SIZE }]));
  assert.deepEqual(
    store.entries.map(({ layout }) => layout),
    [{ dataPool: 'data', objectSizeBytes: 65_536 }, {}],
  );
});

test('one that cannot be had is refused, and no other disk is made', async () => {
  const store = laidStore();
  const wanted = diffTo([
    { name: 'b', size: SIZE },
    { ...disk, dataPool: 'none' },
  ]);
  const refused = { code: 'applyRefused', message: 'disk a: the cluster has no pool none' };
  await assert.rejects(prepareVolumes(store, wanted), refused);
  assert.deepEqual(store.entries, []);
});

test('what a document says later is held against what is there', async () => {
  const layout = { objectSizeBytes: 2 ** 22, dataPool: 'data' };
  const store = laidStore([{ name: 'a', sizeBytes: SIZE, layout }]);
  const before = clusterDocument({ disks: [disk] });
  for (const from of [empty, before]) {
    const right = { ...disk, dataPool: 'data', objectSize: '4M' };
    await prepareVolumes(Object.assign(store, { prepare: async () => {} }), diffTo([right], from));
    const wrong = diffTo([{ ...disk, dataPool: 'other', objectSize: '8M' }], from);
    const message = [
      'disk a: its image has the data pool data, not other; that cannot change',
      'disk a: its image has objects of 4M, not of 8M; that cannot change',
    ].join('\n');
    await assert.rejects(prepareVolumes(store, wrong), { code: 'applyRefused', message });
  }
  assert.equal(store.entries.length, 1);
});

test('an embedded store says that it has no such thing', async () => {
  const store = new MemoryStore();
  for (const layout of [{ dataPool: 'data' }, { objectSize: '4M' }]) {
    const wanted = diffTo([
      { name: 'b', size: SIZE },
      { ...disk, ...layout },
    ]);
    const message = 'disk a: this store has no data pools and no object sizes: they are of Ceph';
    await assert.rejects(prepareVolumes(store, wanted), { code: 'applyRefused', message });
  }
  assert.deepEqual(await store.list(), []);
});
