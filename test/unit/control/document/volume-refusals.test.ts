// What a document asks of how its volumes lie: made so, held against what is there, and refused
// whole before anything is made.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeDocument } from '../../../../src/control/document/change-document.ts';
import { MembershipStore } from '../../../../src/membership/membership-store.ts';
import type {
  CreateOptions,
  VolumeEntry,
  VolumeLayout,
  VolumeStore,
} from '../../../../src/volume/volume.ts';
import { MemoryRecordsWorld } from '../../../doubles/memory-records-world.ts';
import { MemoryStore } from '../../../doubles/memory-volumes.ts';
import { documentDraft } from '../../../support/cluster-document.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const SIZE = 2 ** 20;

/** A store of names alone that takes every layout but those of the pool `none`. */
function laidStore(entries: VolumeEntry[] = []) {
  const store = {
    entries,
    create: async (name: string, sizeBytes: number, { layout = {} }: CreateOptions = {}) => {
      entries.push({ name, sizeBytes, layout });
    },
    layoutRefusal: async ({ dataPool }: VolumeLayout) =>
      dataPool === 'none' ? 'the cluster has no pool none' : undefined,
    sizeRefusal: async () => undefined,
    list: async () => entries,
    prepare: async () => {},
    assign: async () => {},
  };
  return store as unknown as typeof store & VolumeStore;
}

/** Applies these disks one after the other to a new cluster. */
async function applyAll(volumes: VolumeStore, ...steps: readonly (readonly object[])[]) {
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const records = await new MemoryRecordsWorld({ clock, random }).open('tool');
  const membership = new MembershipStore({ records, clock, random });
  const context = { records, volumes, membership, clock, random, living: async () => [] };
  for (const disks of steps) await changeDocument(context, () => documentDraft({ disks }));
}

const disk = { name: 'a', size: SIZE, uuid: '00000000-0000-4000-8000-000000000001' };

test('a volume is made with the layout of its disk', async () => {
  const store = laidStore();
  const laid = { ...disk, dataPool: 'data', objectSize: '64K' };
  await applyAll(store, [laid, { name: 'b', size: SIZE }]);
  assert.deepEqual(
    store.entries.map(({ layout }) => layout),
    [{ dataPool: 'data', objectSizeBytes: 65_536 }, {}],
  );
});

test('one that cannot be had is refused, and no other disk is made', async () => {
  const store = laidStore();
  const wanted = [
    { name: 'b', size: SIZE },
    { ...disk, dataPool: 'none' },
  ];
  const refused = { code: 'applyRefused', message: 'disk a: the cluster has no pool none' };
  await assert.rejects(applyAll(store, wanted), refused);
  assert.deepEqual(store.entries, []);
});

test('what a document says later is held against what is there', async () => {
  const layout = { objectSizeBytes: 2 ** 22, dataPool: 'data' };
  for (const before of [[], [[disk]]]) {
    const store = laidStore([{ name: 'a', sizeBytes: SIZE, layout }]);
    await applyAll(store, ...before, [{ ...disk, dataPool: 'data', objectSize: '4M' }]);
    const message = [
      'disk a: its image has the data pool data, not other; that cannot change',
      'disk a: its image has objects of 4M, not of 8M; that cannot change',
    ].join('\n');
    const wrong = [{ ...disk, dataPool: 'other', objectSize: '8M' }];
    await assert.rejects(applyAll(store, ...before, wrong), { code: 'applyRefused', message });
    assert.equal(store.entries.length, 1);
  }
});

test('an embedded store says that it has no such thing', async () => {
  const store = new MemoryStore();
  for (const layout of [{ dataPool: 'data' }, { objectSize: '4M' }]) {
    const wanted = [
      { name: 'b', size: SIZE },
      { ...disk, ...layout },
    ];
    const message =
      'disk a: this store has no data pools and no object sizes: they exist only on Ceph';
    await assert.rejects(applyAll(store, wanted), { code: 'applyRefused', message });
  }
  assert.deepEqual(await store.list(), []);
});

test('a disk that the document takes for new, while its volume is in use, is told as that', async () => {
  const store = new MemoryStore();
  const leftOut = 'which this document leaves out: if that is meant,';
  const other = 'else give the new disk another name';
  const renamed = { ...disk, name: 'c' };
  const volume = 'disk a: the volume a of 1M holds the data of';
  await assert.rejects(applyAll(store, [disk], [renamed], [{ name: 'a', size: SIZE }]), {
    code: 'applyRefused',
    message: `${volume} disk c, ${leftOut} write c, or first "disk rename c a"; ${other}`,
  });
});
