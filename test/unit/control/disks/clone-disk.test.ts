// A clone is a disk with an identity of its own; a clone that is refused leaves no volume.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CloneRequest, cloneDisk } from '../../../../src/control/disks/clone-disk.ts';
import { createSnapshot, deleteSnapshot } from '../../../../src/control/disks/disk-snapshots.ts';
import type { CloneSource, VolumeDisk } from '../../../../src/volume/volume.ts';
import { DiskCluster } from '../../../support/disk-cluster.ts';

const IQN = 'iqn.2026-11.com.example:t';
const MIB = 2 ** 20;

/** Its volumes are cloned as empty ones. */
async function cloning() {
  const cluster = await DiskCluster.open({ withIds: true });
  const made: string[] = [];
  const snapshots = {
    create: async (volume: string, snapshot: string) => void made.push(`${volume}@${snapshot}`),
    list: async () => [],
    delete: async (volume: string, snapshot: string) => void made.push(`-${volume}@${snapshot}`),
    clone: async (from: CloneSource, name: string, disk: VolumeDisk) => {
      made.push(`${from.volume}@${from.snapshot} ${name}`);
      return await cluster.volumes.create(name, 2 * MIB, { disk });
    },
  };
  Object.assign(cluster.volumes, { snapshots });
  const targets = [{ iqn: IQN, luns: { 0: 'a' }, access: 'any' as const }];
  const draft = cluster.draft({ name: 'a', blockLength: 4096 });
  await cluster.change(() => ({ ...draft, targets }));
  const clone = (rest: Partial<CloneRequest>) =>
    cloneDisk(cluster.context, {
      ...{ disk: 'a', snapshot: 's', name: 'c', map: undefined },
      ...rest,
    });
  return { cluster, made, clone };
}

test('a clone has the block length of its disk, the size of its volume, and its own identity', async () => {
  const { cluster, made, clone } = await cloning();
  const before = await cluster.disk('a');
  const disk = await clone({ map: { target: IQN.toUpperCase(), lun: 3 } });
  assert.deepEqual(made, ['a@s c']);
  assert.deepEqual([disk.size, disk.blockLength], [2 * MIB, 4096]);
  for (const key of ['uuid', 'wwn', 'serial'] as const) assert.notEqual(disk[key], before[key]);
  const volume = (await cluster.volumes.list()).find(({ name }) => name === 'c');
  assert.deepEqual([volume?.disk?.uuid, volume?.id], [disk.uuid, disk.volume?.id]);
  const { document } = await cluster.change((current) => current!);
  assert.deepEqual(document.targets[0]?.luns, { 0: 'a', 3: 'c' });
});

test('what is refused makes no volume', async () => {
  const { cluster, made, clone } = await cloning();
  await assert.rejects(clone({ disk: 'b' }), { code: 'diskNotFound' });
  await assert.rejects(clone({ name: 'a' }), { code: 'diskExists' });
  await assert.rejects(clone({ name: 'A/b' }), { code: 'diskInvalid' });
  await assert.rejects(clone({ map: { target: 'iqn.x', lun: 1 } }), { code: 'targetNotFound' });
  await assert.rejects(clone({ map: { target: IQN, lun: 0 } }), { code: 'lunInUse' });
  assert.deepEqual(made, []);
  assert.deepEqual(
    (await cluster.volumes.list()).map(({ name }) => name),
    ['a'],
  );
});

test('a clone whose name another disk gets meanwhile leaves no volume', async () => {
  const { cluster, clone } = await cloning();
  const list = cluster.volumes.list.bind(cluster.volumes);
  cluster.volumes.list = async () => {
    cluster.volumes.list = list;
    const listed = await list();
    await cluster.change((current) => ({
      ...current!,
      disks: [...current!.disks, { ...current!.disks[0]!, ...OTHER, name: 'c' }],
    }));
    return listed;
  };
  await assert.rejects(clone({}), { code: 'diskExists' });
  assert.deepEqual(
    (await list()).map(({ name }) => name),
    ['a', 'other'],
  );
});

/** Another disk, with a volume of another name. */
const OTHER = {
  uuid: '00000000-0000-4000-8000-000000000009',
  wwn: 'naa.3000000000000009',
  serial: '9',
  volume: { name: 'other' },
};

test('snapshots are named as disks are, and a store without them says so', async () => {
  const { cluster, made } = await cloning();
  const name = { disk: 'a', snapshot: 's1' };
  await createSnapshot(cluster.context, name);
  await deleteSnapshot(cluster.context, name);
  assert.deepEqual(made, ['a@s1', '-a@s1']);
  const bad = { disk: 'a', snapshot: 'S 1' };
  await assert.rejects(createSnapshot(cluster.context, bad), { code: 'diskInvalid' });
  Object.assign(cluster.volumes, { snapshots: undefined });
  await assert.rejects(createSnapshot(cluster.context, name), { code: 'snapshotUnsupported' });
});
