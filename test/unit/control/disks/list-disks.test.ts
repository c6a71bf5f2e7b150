// Each disk is listed with the volume that holds its data, and every other volume once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listDisks } from '../../../../src/control/disks/list-disks.ts';
import { DiskCluster } from '../../../support/disk-cluster.ts';

test('a store without a document has orphans alone', async () => {
  const cluster = await DiskCluster.open();
  await cluster.volumes.create('a', 2 ** 20);
  const { disks, orphans } = await listDisks(cluster.context);
  assert.deepEqual([disks, orphans.map(({ name }) => name)], [[], ['a']]);
});

test('a disk has its volume by whatever name; one whose volume is gone has none', async () => {
  const cluster = await DiskCluster.open({ withIds: true });
  await cluster.apply({ name: 'a' }, { name: 'b' }, { name: 'c' });
  await cluster.apply({ ...(await cluster.disk('a')), name: 'z' }, { name: 'b' });
  const { id } = (await cluster.volumes.list()).find(({ name }) => name === 'b')!;
  await cluster.volumes.delete('b', { id });
  const { disks, orphans } = await listDisks(cluster.context);
  const rows = disks.map(({ disk, volume }) => [disk.name, volume?.name]);
  assert.deepEqual(rows, [
    ['z', 'a'],
    ['b', undefined],
  ]);
  assert.deepEqual(
    orphans.map(({ name }) => name),
    ['c'],
  );
});
