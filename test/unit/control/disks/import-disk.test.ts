// What an imported volume becomes: the disk that it was, a new disk, or by a word the data of a
// disk that is there and that nobody serves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessage, STATUS_CHANNEL } from '../../../../src/control/channels.ts';
import { type ImportRequest, importDisk } from '../../../../src/control/disks/import-disk.ts';
import { documentDraft } from '../../../support/cluster-document.ts';
import { DiskCluster } from '../../../support/disk-cluster.ts';

const targets = [{ iqn: 'iqn.2026-11.com.example:t', luns: { 0: 'a' }, access: 'any' }];

function importing(cluster: DiskCluster, name: string, rest: Partial<ImportRequest> = {}) {
  return importDisk(cluster.context, {
    name,
    repair: false,
    replace: false,
    ...rest,
  });
}

test('a volume without a document becomes a new disk, and says so from then on', async () => {
  const cluster = await DiskCluster.open({ withIds: true });
  await cluster.volumes.create('a', 2 ** 21);
  const { disk, isKnown } = await importing(cluster, 'a');
  assert.deepEqual([isKnown, disk.size, disk.volume?.id], [false, 2 ** 21, '1']);
  assert.equal((await cluster.volumes.list())[0]?.disk?.uuid, disk.uuid);
  await assert.rejects(importing(cluster, 'a'), { code: 'diskExists' });
  await assert.rejects(importing(cluster, 'b'), { code: 'volumeNotFound' });
});

test('a volume that a document left behind becomes the disk that it was', async () => {
  const cluster = await DiskCluster.open();
  await cluster.apply({ name: 'a' });
  const a = await cluster.disk('a');
  await cluster.apply();
  const { disk, isKnown } = await importing(cluster, 'a');
  assert.deepEqual([isKnown, disk], [true, a]);
});

test('a copy of a volume becomes a disk of its own', async () => {
  const cluster = await DiskCluster.open();
  await cluster.apply({ name: 'a' });
  const { uuid, wwn, serial } = await cluster.disk('a');
  await cluster.volumes.create('copy', 2 ** 20, { disk: { uuid, wwn, serial } });
  const { disk, isKnown } = await importing(cluster, 'copy');
  assert.equal(isKnown, false);
  assert.notEqual(disk.uuid, uuid);
  assert.notEqual(disk.wwn, wwn);
});

for (const withIds of [false, true]) {
  const store = withIds ? 'where volumes have ids' : 'where volumes have names alone';
  test(`of two imports of one volume one makes a disk of it, ${store}`, async () => {
    const cluster = await DiskCluster.open({ withIds });
    await cluster.volumes.create('a', 2 ** 20);
    const list = cluster.volumes.list.bind(cluster.volumes);
    cluster.volumes.list = async () => {
      const listed = await list();
      cluster.volumes.list = list;
      await importing(cluster, 'a');
      return listed;
    };
    await assert.rejects(importing(cluster, 'a'), { code: 'diskExists' });
    const { uuid } = await cluster.disk('a');
    assert.equal((await cluster.volumes.list())[0]?.disk?.uuid, uuid);
  });
}

test('an import that is refused leaves the volume as it was', async () => {
  const cluster = await DiskCluster.open();
  await cluster.apply({ name: 'a' });
  const { uuid, wwn, serial } = await cluster.disk('a');
  const disk = { uuid, wwn, serial };
  await cluster.volumes.create('copy', 2 ** 20, { disk });
  // Another caller makes a disk of that name meanwhile.
  const prepare = async () => {
    await cluster.apply({ name: 'a' }, { name: 'copy', volume: { name: 'b' } });
  };
  Object.assign(cluster.volumes, { prepare });
  const refused = importing(cluster, 'copy');
  await assert.rejects(refused, { code: 'diskExists' });
  assert.deepEqual((await cluster.volumes.list()).find(({ name }) => name === 'copy')?.disk, disk);
});

test('another volume is taken in place of its own by a word, when nobody serves the disk', async () => {
  const cluster = await DiskCluster.open({ withIds: true });
  const parts = { disks: [{ name: 'a', size: '1M' }], targets };
  await cluster.change(() => documentDraft(parts));
  const before = await cluster.disk('a');
  cluster.volumes.rename('a', 'away');
  await cluster.volumes.create('a', 2 ** 21);
  await assert.rejects(
    importing(cluster, 'a'),
    /its volume is away \(1\); --replace serves the volume a/,
  );
  const watch = await cluster.records.watch(STATUS_CHANNEL, {
    onNotify: () => encodeMessage({ name: 'g', sessions: [] } as never),
    onLost: () => assert.fail('lost'),
  });
  const served = importing(cluster, 'a', { replace: true });
  await assert.rejects(served, /disk a is served by g: remove it from its LUN maps/);
  await watch.close();
  const silent = await cluster.records.watch(STATUS_CHANNEL, {
    onNotify: () => Promise.reject(new Error('no answer')),
    onLost: () => assert.fail('lost'),
  });
  const unheard = importing(cluster, 'a', { replace: true });
  await assert.rejects(unheard, { code: 'diskInUse' });
  await silent.close();
  const { disk } = await importing(cluster, 'a', { replace: true });
  assert.deepEqual(disk, { ...before, size: 2 ** 21, volume: { id: '2' } });
});
