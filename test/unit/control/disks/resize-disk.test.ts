// A disk gets the size that it is asked for, or nothing changes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renameDisk } from '../../../../src/control/disks/rename-disk.ts';
import { resizeDisk } from '../../../../src/control/disks/resize-disk.ts';
import { DiskCluster } from '../../../support/disk-cluster.ts';

async function grown() {
  const cluster = await DiskCluster.open();
  await cluster.apply({ name: 'alpha', size: '2M' }, { name: 'b' });
  const resize = (name: string, sizeBytes: number, mayShrink = false) =>
    resizeDisk(cluster.context, { name, sizeBytes, mayShrink });
  const size = async () => (await cluster.disk('alpha')).size;
  return { cluster, resize, size };
}

test('a disk grows, its volume with it, and the others stay', async () => {
  const { cluster, resize, size } = await grown();
  const { version } = await resize('alpha', 2 ** 22);
  assert.ok(version > 1);
  assert.equal(await size(), 2 ** 22);
  const sizes = (await cluster.volumes.list()).map(({ sizeBytes }) => sizeBytes);
  assert.deepEqual(sizes, [2 ** 22, 2 ** 20]);
});

test('a disk shrinks only when that is asked for', async () => {
  const { resize, size } = await grown();
  await assert.rejects(resize('alpha', 2 ** 20), { code: 'applyRefused' });
  assert.equal(await size(), 2 ** 21);
  await resize('alpha', 2 ** 20, true);
  assert.equal(await size(), 2 ** 20);
});

test('a volume that has another size than the document says gets the one that is asked for', async () => {
  const { cluster, resize } = await grown();
  await cluster.volumes.resize('alpha', 2 ** 20, { mayShrink: true });
  await resize('alpha', 2 ** 21);
  assert.equal((await cluster.volumes.list())[0]?.sizeBytes, 2 ** 21);
});

test('a size that is no number of blocks, and a disk that is not there, are refused', async () => {
  const { resize } = await grown();
  await assert.rejects(resize('alpha', 2 ** 21 + 1), {
    code: 'diskInvalid',
    message: 'size: must be a multiple of the block length 512',
  });
  await assert.rejects(resize('alhpa', 2 ** 22), {
    code: 'diskNotFound',
    message: 'there is no disk alhpa; did you mean alpha?',
  });
});

test('a disk that is renamed while its volume grows gets the size under its new name', async () => {
  const { cluster, resize } = await grown();
  const grow = cluster.volumes.resize.bind(cluster.volumes);
  cluster.volumes.resize = async (...asked) => {
    await grow(...asked);
    await renameDisk(cluster.context, { name: 'alpha', newName: 'z' });
  };
  await resize('alpha', 2 ** 22);
  assert.equal((await cluster.disk('z')).size, 2 ** 22);
});

test('a disk that has got the name meanwhile keeps its size', async () => {
  const { cluster, resize } = await grown();
  const grow = cluster.volumes.resize.bind(cluster.volumes);
  cluster.volumes.resize = async (...asked) => {
    await grow(...asked);
    await cluster.apply({ name: 'b' });
    await renameDisk(cluster.context, { name: 'b', newName: 'alpha' });
  };
  await assert.rejects(resize('alpha', 2 ** 22), { code: 'diskNotFound' });
  assert.equal((await cluster.disk('alpha')).size, 2 ** 20);
});
