// A disk is its uuid: a new name leaves it its data, data that are there are served as the disk
// that they are of or not at all, and nothing gets the identity of another disk.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { volumeNameOf, withoutVolumeIds } from '../../../../src/config/disk-identity.ts';
import { DiskCluster } from '../../../support/disk-cluster.ts';

for (const withIds of [false, true]) {
  const store = withIds ? 'where volumes have ids' : 'where volumes have names alone';

  test(`a disk under another name keeps its volume, ${store}`, async () => {
    const cluster = await DiskCluster.open({ withIds });
    await cluster.apply({ name: 'a' });
    const a = await cluster.disk('a');
    const { diff } = await cluster.apply({ ...a, name: 'b' });
    assert.deepEqual(diff.changes, ['rename disk a to b']);
    const b = await cluster.disk('b');
    assert.deepEqual([b.uuid, b.wwn, b.serial], [a.uuid, a.wwn, a.serial]);
    assert.equal(volumeNameOf(b), 'a');
    assert.deepEqual(await cluster.volumeNames(), ['a']);
    // The document without what was generated: the disk is known by its name.
    assert.deepEqual((await cluster.apply({ name: 'b' })).diff.changes, []);
    await cluster.apply({ name: 'b', size: '2M' });
    assert.equal((await cluster.volumes.list())[0]?.sizeBytes, 2 ** 21);
    await cluster.apply({ ...(await cluster.disk('b')), name: 'a' });
    assert.equal((await cluster.disk('a')).volume?.name, undefined);
  });

  test(`disks can swap their names, ${store}`, async () => {
    const cluster = await DiskCluster.open({ withIds });
    await cluster.apply({ name: 'a' }, { name: 'b', size: '2M' });
    const [a, b] = [await cluster.disk('a'), await cluster.disk('b')];
    await cluster.apply({ name: 'b', uuid: a.uuid }, { name: 'a', uuid: b.uuid, size: '2M' });
    const [left, right] = [await cluster.disk('b'), await cluster.disk('a')];
    assert.deepEqual([left.serial, volumeNameOf(left)], [a.serial, 'a']);
    assert.deepEqual([right.serial, volumeNameOf(right)], [b.serial, 'b']);
  });

  test(`a disk that is put back is the disk that it was, ${store}`, async () => {
    const cluster = await DiskCluster.open({ withIds });
    await cluster.apply({ name: 'a' });
    const a = await cluster.disk('a');
    await cluster.apply();
    const { diff } = await cluster.apply({ name: 'a' });
    assert.match(diff.changes.join(), /^serve disk a again: volume a of 1M, which exists already/);
    assert.deepEqual(await cluster.disk('a'), a);
    await cluster.apply({ ...a, name: 'b' });
    await cluster.apply();
    // By its uuid it is found under any name.
    await cluster.apply({ name: 'c', uuid: a.uuid });
    const c = await cluster.disk('c');
    assert.deepEqual([c.serial, volumeNameOf(c)], [a.serial, 'a']);
  });

  test(`data that are there are not served as another disk, ${store}`, async () => {
    const cluster = await DiskCluster.open({ withIds });
    await cluster.apply({ name: 'a' });
    const a = await cluster.disk('a');
    await cluster.apply();
    const uuid = '00000000-0000-4000-8000-000000000001';
    const other = await cluster.refusal(cluster.apply({ name: 'a', uuid }));
    assert.match(
      other,
      /volume a of 1M exists already, with the data of another disk, uuid.*disk import a/,
    );
    assert.ok(other.includes(a.uuid));
    const created = cluster.change(() => cluster.draft({ name: 'a' }), { mayAdopt: false });
    assert.match(
      await cluster.refusal(created),
      /volume a of 1M exists already: "disk import a" serves/,
    );
    assert.match(
      await cluster.refusal(cluster.apply({ name: 'a', size: '2M' })),
      /the volume of disk a has 1M/,
    );
    assert.equal((await cluster.volumes.list())[0]?.disk?.uuid, a.uuid);
  });

  test(`data of which nobody says whose they are need a word, ${store}`, async () => {
    const cluster = await DiskCluster.open({ withIds });
    await cluster.volumes.create('a', 2 ** 20);
    const refused = await cluster.refusal(cluster.apply({ name: 'a' }));
    assert.match(refused, /does not say whose data it holds: "disk import a" serves it/);
    // A document that was printed before names its disks.
    const uuid = '00000000-0000-4000-8000-000000000001';
    await cluster.apply({ name: 'a', uuid });
    assert.equal((await cluster.volumes.list())[0]?.disk?.uuid, uuid);
  });
}

test('a volume of an older release notes whose data it holds when its disk leaves', async () => {
  const cluster = await DiskCluster.open();
  const uuid = '00000000-0000-4000-8000-000000000001';
  await cluster.volumes.create('a', 2 ** 20);
  await cluster.apply({ name: 'a', uuid, serial: 'first' });
  await cluster.apply({ name: 'a', uuid, serial: 'second' });
  await cluster.apply();
  await cluster.apply({ name: 'a' });
  const { serial, uuid: back } = await cluster.disk('a');
  assert.deepEqual([back, serial], [uuid, 'second']);
});

test('a new disk gets nothing that initiators know another disk by', async () => {
  const cluster = await DiskCluster.open();
  await cluster.apply({ name: 'a' });
  const a = await cluster.disk('a');
  for (const shared of [{ wwn: a.wwn }, { serial: a.serial }]) {
    // Only the name was changed, and the uuid is not in the file.
    const renamed = await cluster.refusal(cluster.apply({ name: 'b', ...shared }));
    assert.ok(renamed.includes(`that of disk a with the uuid ${a.uuid}: write that uuid`), renamed);
    const second = await cluster.refusal(cluster.apply({ name: 'a' }, { name: 'b', ...shared }));
    assert.match(second, /disk b has the (wwn|serial) .*, as has disk a/);
  }
  const uuid = '00000000-0000-4000-8000-000000000001';
  assert.match(
    await cluster.refusal(cluster.apply({ name: 'a', uuid })),
    /the name a, that of disk/,
  );
  assert.deepEqual(await cluster.volumeNames(), ['a']);
});

test('the volume of a renamed disk keeps its name from a new disk, which may name another', async () => {
  const cluster = await DiskCluster.open();
  await cluster.apply({ name: 'a' });
  const renamed = { ...(await cluster.disk('a')), name: 'old' };
  const refused = await cluster.refusal(cluster.apply(renamed, { name: 'a' }));
  // One reason: neither "disk import" nor "disk delete" would help.
  assert.match(refused, /^disk a has the volume a, as has disk old; choose another name.*$/);
  await cluster.apply(renamed, { name: 'a', volume: { name: 'a2' } });
  assert.deepEqual(await cluster.volumeNames(), ['a', 'a2']);
});

test('a document does not move a disk to other data', async () => {
  const cluster = await DiskCluster.open({ withIds: true });
  await cluster.apply({ name: 'a' }, { name: 'b' });
  const [a, b] = [await cluster.disk('a'), await cluster.disk('b')];
  const refused = await cluster.refusal(cluster.apply({ ...a, volume: b.volume }, { name: 'c' }));
  assert.match(refused, /disk a would get other data, of another volume than a \(id 1\)/);
  await cluster.apply();
  const gone = { ...a, volume: { id: '77' } };
  assert.match(await cluster.refusal(cluster.apply(gone)), /the id 77 is not in this store/);
});

test('a document from another store brings its disks, not the ids of their volumes', async () => {
  const before = await DiskCluster.open({ withIds: true });
  await before.apply({ name: 'first' }, { name: 'a' });
  const a = await before.disk('a');
  const cluster = await DiskCluster.open({ withIds: true });
  await cluster.change(() => withoutVolumeIds(cluster.draft({ ...a, name: 'b' })));
  const moved = await cluster.disk('b');
  assert.deepEqual([moved.uuid, moved.wwn, moved.volume], [a.uuid, a.wwn, { id: '1' }]);
});

test('sizes that the store refuses are found before anything is made', async () => {
  const cluster = await DiskCluster.open({ sizeMaxBytes: 2 ** 21 });
  const refused = await cluster.refusal(cluster.apply({ name: 'a' }, { name: 'b', size: '4M' }));
  assert.equal(refused, 'disk b: at most 2097152 bytes');
  assert.deepEqual(await cluster.volumeNames(), []);
  await cluster.apply({ name: 'a' });
  assert.match(await cluster.refusal(cluster.apply({ name: 'a', size: '4M' })), /disk a: at most/);
});
