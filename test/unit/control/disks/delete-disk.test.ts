// A disk is deleted whole, or stays whole: whatever fails or ends the process in between, the disk
// is in the document, nobody can map it any longer, and the same command finishes the work.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../../src/base/failure.ts';
import { encodeMessage, STATUS_CHANNEL } from '../../../../src/control/channels.ts';
import { deleteDisk } from '../../../../src/control/disks/delete-disk.ts';
import { renameDisk } from '../../../../src/control/disks/rename-disk.ts';
import { readDocument, writeDocument } from '../../../../src/control/document/document-record.ts';
import type { Records } from '../../../../src/records/records.ts';
import type { VolumeStore } from '../../../../src/volume/volume.ts';
import { documentDraft } from '../../../support/cluster-document.ts';
import { DiskCluster } from '../../../support/disk-cluster.ts';

const targets = [{ iqn: 'iqn.2026-11.com.example:t', luns: { 0: 'a' }, access: 'any' }];
const asked = { name: 'a', force: false };

async function names(cluster: DiskCluster) {
  const current = await readDocument(cluster.records);
  return current?.document.disks.map(({ name }) => name);
}

/** Calls of `object` end with an error from the `count`-th on, as when the process is killed. */
function dyingAfter<T extends object>(object: T, left: { calls: number }): T {
  return new Proxy(object, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (left.calls-- <= 0) return Promise.reject(new Error('killed'));
        return value.apply(target, args);
      };
    },
  });
}

test('a disk and its data go, and nothing else does', async () => {
  const cluster = await DiskCluster.open();
  await cluster.apply({ name: 'a' }, { name: 'b' });
  const { records } = cluster;
  const uuids = (await readDocument(records))!.document.disks.map(({ uuid }) => uuid);
  for (const uuid of uuids) await records.compareAndSet(`units/${uuid}`, 0, Uint8Array.of(1));
  await deleteDisk(cluster.context, asked);
  assert.deepEqual([await names(cluster), await cluster.volumeNames()], [['b'], ['b']]);
  assert.deepEqual(
    (await records.list('units/')).map(({ key }) => key),
    [`units/${uuids[1]}`],
  );
  await assert.rejects(deleteDisk(cluster.context, asked), { code: 'diskNotFound' });
  // A new disk of that name is another one.
  await cluster.apply({ name: 'a' }, { name: 'b' });
});

test('killed at any step it leaves the disk in the document, and is finished by another call', async () => {
  let isDone = false;
  for (let calls = 0; !isDone; calls++) {
    const cluster = await DiskCluster.open();
    await cluster.apply({ name: 'a' });
    const left = { calls };
    const records: Records = dyingAfter(cluster.records, left);
    const volumes: VolumeStore = dyingAfter(cluster.volumes, left);
    const dying = deleteDisk({ ...cluster.context, records, volumes }, asked);
    isDone = await dying.then(
      () => true,
      () => false,
    );
    const isThere = (await names(cluster))?.includes('a') === true;
    const hasData = (await cluster.volumeNames()).includes('a');
    assert.ok(isThere || !hasData, `the data of no disk are left after ${calls} calls`);
    if (isThere && !hasData) assert.equal((await cluster.disk('a')).deleting, true);
    if (isThere) await deleteDisk(cluster.context, asked);
    assert.deepEqual([await names(cluster), await cluster.volumeNames()], [[], []]);
    assert.ok(calls < 100);
  }
});

test('a deletion that is refused leaves the disk as it was', async () => {
  const cluster = await DiskCluster.open();
  await cluster.apply({ name: 'a' });
  const before = await cluster.disk('a');
  const open = await cluster.volumes.open('a');
  await assert.rejects(deleteDisk(cluster.context, asked), { code: 'volumeInUse' });
  assert.deepEqual(await cluster.disk('a'), before);
  await open.close();
  await deleteDisk(cluster.context, asked);
});

test('a deletion by force that is refused leaves the LUN maps as they were', async () => {
  const cluster = await DiskCluster.open();
  const access = [{ initiator: 'iqn.1994-05.com.example:host1', luns: { 1: 'a', 2: 'b' } }];
  const disks = ['a', 'b'].map((name) => ({ name, size: '1M' }));
  const parts = { disks, targets: [{ ...targets[0], access }] };
  await cluster.change(() => documentDraft(parts));
  const before = (await readDocument(cluster.records))?.document;
  const open = await cluster.volumes.open('a');
  const forced = deleteDisk(cluster.context, { ...asked, force: true });
  await assert.rejects(forced, { code: 'volumeInUse' });
  assert.deepEqual((await readDocument(cluster.records))?.document, before);
  await open.close();
});

/** Volumes whose deletions are refused, after `meanwhile` was done by another caller. */
function refusing({ volumes }: DiskCluster, meanwhile: () => Promise<unknown>): VolumeStore {
  return new Proxy<VolumeStore>(volumes, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      if (key !== 'delete') return value.bind(target);
      return async () => {
        await meanwhile();
        throw new Failure('volumeInUse', 'planted', { name: 'a' });
      };
    },
  });
}

/** As another deletion does that is refused; the disk is at these LUNs then. */
async function giveBack({ records }: DiskCluster, luns: Record<number, string>): Promise<void> {
  const { version, document } = (await readDocument(records))!;
  const disks = document.disks.map(({ deleting: _, ...usable }) => usable);
  const mapped = document.targets.map((target) => ({ ...target, luns }));
  await writeDocument(records, version, { ...document, disks, targets: mapped });
}

test('a deletion that is refused gives back the disk under the name that it has by then', async () => {
  const cluster = await DiskCluster.open();
  await cluster.change(() => documentDraft({ disks: [{ name: 'a', size: '1M' }], targets }));
  const rename = { name: 'a', newName: 'z' };
  const volumes = refusing(cluster, () => renameDisk(cluster.context, rename));
  const forced = deleteDisk({ ...cluster.context, volumes }, { ...asked, force: true });
  await assert.rejects(forced, { code: 'volumeInUse' });
  const { document } = (await readDocument(cluster.records))!;
  assert.deepEqual([await names(cluster), document.targets[0]?.luns], [['z'], { 0: 'z' }]);
  assert.equal((await cluster.disk('z')).deleting, undefined);
});

test('a deletion that is refused maps no disk that another caller has deleted meanwhile', async () => {
  const cluster = await DiskCluster.open();
  await cluster.change(() => documentDraft({ disks: [{ name: 'a', size: '1M' }], targets }));
  const volumes = refusing(cluster, () => deleteDisk(cluster.context, asked));
  const forced = deleteDisk({ ...cluster.context, volumes }, { ...asked, force: true });
  await assert.rejects(forced, { code: 'volumeInUse' });
  const { document } = (await readDocument(cluster.records))!;
  assert.deepEqual([document.disks, document.targets[0]?.luns], [[], {}]);
});

test('a deletion that is refused leaves LUN maps alone once another caller gave the disk back', async () => {
  const cluster = await DiskCluster.open();
  await cluster.change(() => documentDraft({ disks: [{ name: 'a', size: '1M' }], targets }));
  // Another deletion that began as early was refused first; then the disk got another LUN.
  const volumes = refusing(cluster, () => giveBack(cluster, { 3: 'a' }));
  const forced = deleteDisk({ ...cluster.context, volumes }, { ...asked, force: true });
  await assert.rejects(forced, { code: 'volumeInUse' });
  const { document } = (await readDocument(cluster.records))!;
  assert.deepEqual(document.targets[0]?.luns, { 3: 'a' });
});

test('a disk whose data are gone is in no LUN map, though another caller gave it back', async () => {
  const cluster = await DiskCluster.open();
  await cluster.change(() => documentDraft({ disks: [{ name: 'a', size: '1M' }], targets }));
  const deleted = cluster.volumes.delete.bind(cluster.volumes);
  cluster.volumes.delete = async (...asked) => {
    await giveBack(cluster, { 0: 'a' });
    await deleted(...asked);
  };
  await deleteDisk(cluster.context, { ...asked, force: true });
  const { document } = (await readDocument(cluster.records))!;
  assert.deepEqual([document.disks, document.targets[0]?.luns], [[], {}]);
});

test('a deletion by force takes out no disk that has got the name meanwhile', async () => {
  const cluster = await DiskCluster.open();
  const disks = ['a', 'b'].map((name) => ({ name, size: '1M' }));
  const luns = { 0: 'a', 1: 'b' };
  await cluster.change(() => documentDraft({ disks, targets: [{ ...targets[0], luns }] }));
  let isRenamed = false;
  const records = new Proxy<Records>(cluster.records, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      if (key !== 'compareAndSet' || isRenamed) return value.bind(target);
      return async (...args: unknown[]) => {
        isRenamed = true;
        await renameDisk(cluster.context, { name: 'a', newName: 'z' });
        await renameDisk(cluster.context, { name: 'b', newName: 'a' });
        return value.apply(target, args);
      };
    },
  });
  await deleteDisk({ ...cluster.context, records }, { ...asked, force: true });
  const { document } = (await readDocument(cluster.records))!;
  assert.deepEqual([await names(cluster), document.targets[0]?.luns], [['a'], { 1: 'a' }]);
  assert.deepEqual(await cluster.volumeNames(), ['b']);
});

test('a disk that is being deleted cannot be mapped, and stays marked until it is gone', async () => {
  const cluster = await DiskCluster.open();
  await cluster.apply({ name: 'a' });
  const volumes = dyingAfter<VolumeStore>(cluster.volumes, { calls: 1 });
  await assert.rejects(deleteDisk({ ...cluster.context, volumes }, asked), /killed/);
  const mapping = () => documentDraft({ disks: [{ name: 'a', size: '1M' }], targets });
  const refused = await cluster.refusal(cluster.change(mapping));
  assert.match(refused, /disk a is being deleted and cannot be mapped: "disk delete a" finishes/);
  // Whatever stands against it now, some of the data may be gone.
  const open = await cluster.volumes.open('a');
  await assert.rejects(deleteDisk(cluster.context, asked), { code: 'volumeInUse' });
  assert.equal((await cluster.disk('a')).deleting, true);
  await open.close();
  await deleteDisk(cluster.context, asked);
  assert.deepEqual(await cluster.volumeNames(), []);
});

test('a disk in a LUN map is refused with who is logged in; by force it is taken out', async () => {
  const cluster = await DiskCluster.open();
  const parts = { disks: [{ name: 'a', size: '1M' }], targets };
  await cluster.change(() => documentDraft(parts));
  const session = { initiator: 'iqn.1994-05.com.example:host1', target: targets[0]!.iqn };
  const sessions = [session];
  await cluster.records.watch(STATUS_CHANNEL, {
    onNotify: () => encodeMessage({ sessions } as never),
    onLost: () => assert.fail('lost'),
  });
  await assert.rejects(deleteDisk(cluster.context, asked), /where 1 session is logged in/);
  sessions.push(session);
  await assert.rejects(deleteDisk(cluster.context, asked), (error: Failure) => {
    assert.match(error.message, /in the LUN map of iqn.*:t, where 2 sessions are logged in/);
    return error.code === 'diskInUse';
  });
  await deleteDisk(cluster.context, { ...asked, force: true });
  const document = (await readDocument(cluster.records))!.document;
  assert.deepEqual([document.disks, document.targets[0]?.luns], [[], {}]);
});

test('the volume of a renamed disk is not deleted under its own name', async () => {
  const cluster = await DiskCluster.open();
  await cluster.apply({ name: 'a' });
  await cluster.apply({ ...(await cluster.disk('a')), name: 'b' });
  await assert.rejects(deleteDisk(cluster.context, asked), { code: 'diskInUse' });
  await deleteDisk(cluster.context, { ...asked, name: 'b' });
  assert.deepEqual(await cluster.volumeNames(), []);
});

test('where its name is that of another volume, that one stays', async () => {
  const cluster = await DiskCluster.open({ withIds: true });
  await cluster.apply({ name: 'a' });
  cluster.volumes.rename('a', 'away');
  await cluster.volumes.create('a', 2 ** 20);
  await deleteDisk(cluster.context, asked);
  assert.deepEqual(await cluster.volumeNames(), ['a']);
});
