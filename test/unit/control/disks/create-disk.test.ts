// A disk that is made is new in the document and in the store, and made only once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDisk } from '../../../../src/control/disks/create-disk.ts';
import { draftDisk } from '../../../../src/control/disks/disk-draft.ts';
import { DiskCluster } from '../../../support/disk-cluster.ts';

const draft = draftDisk({ name: 'a', size: 2 ** 20, blockLength: 4096, readOnly: true });

test('a disk is made with its volume, also where there is no document yet', async () => {
  const cluster = await DiskCluster.open();
  const disk = await createDisk(cluster.context, draft);
  assert.deepEqual(disk, await cluster.disk('a'));
  assert.deepEqual([disk.blockLength, disk.readOnly, disk.size], [4096, true, 2 ** 20]);
  assert.deepEqual(await cluster.volumeNames(), ['a']);
});

test('a name that a disk has is refused', async () => {
  const cluster = await DiskCluster.open();
  await createDisk(cluster.context, draft);
  await assert.rejects(createDisk(cluster.context, draft), {
    code: 'diskExists',
    message: 'disk a exists already',
  });
});

test('a volume that is there is not taken over', async () => {
  const cluster = await DiskCluster.open();
  await cluster.volumes.create('a', 2 ** 20);
  await assert.rejects(createDisk(cluster.context, draft), {
    code: 'applyRefused',
    message: /"disk import a" serves it, "disk delete a" deletes it$/,
  });
});
