// The part of the contract of volumes that says which volume is which.

import assert from 'node:assert/strict';
import { Failure } from '../../src/base/failure.ts';
import type { Volume, VolumeStore } from '../../src/volume/volume.ts';

const SIZE = 1024 * 1024;

interface Stores {
  readonly store: VolumeStore;
  /** Another process's view of the same volumes, or the store itself. */
  readonly other: VolumeStore;
}

/** Runs a test with the volume `disk` of a new store. */
type On = (what: string, body: (volume: Volume, stores: Stores) => Promise<void>) => void;

/** That a volume says whose data it holds, and is nothing but what it is. */
export function identities(on: On): void {
  const disk = { uuid: '00000000-0000-4000-8000-000000000001', wwn: 'naa.31', serial: '1' };
  const other = { ...disk, uuid: '00000000-0000-4000-8000-000000000002' };
  const diskOf = async (store: VolumeStore, name: string) =>
    (await store.list()).find((volume) => volume.name === name)?.disk;

  on('a volume says whose data it holds, from its making or later', async (volume, it) => {
    await it.store.create('own', SIZE, { disk });
    assert.deepEqual(await diskOf(it.other, 'own'), disk);
    assert.equal(await diskOf(it.other, 'disk'), undefined);
    const block = new Uint8Array(512).fill(1);
    assert.equal((await volume.write(0, [block])).status, 'done');
    await it.other.assign('disk', other);
    await it.other.resize('disk', 2 * SIZE);
    // A volume shrinks only where that is asked for.
    await assert.rejects(it.other.resize('disk', SIZE), { code: 'volumeWouldShrink' });
    assert.deepEqual(await diskOf(it.store, 'disk'), other);
    const read = new Uint8Array(512);
    assert.equal((await volume.read(0, [read])).status, 'done');
    assert.deepEqual(read, block);
  });

  on('a volume is not opened, changed or deleted as what it is not', async (volume, it) => {
    const id = await it.store.create('own', SIZE, { disk });
    // What has no ids goes by what it says; with an id that alone decides.
    const wrong = id === undefined ? { uuid: other.uuid } : { id: id.replace(/.$/, 'zz') };
    const isOther = (error: unknown) =>
      error instanceof Failure && ['volumeOfOtherDisk', 'volumeNotFound'].includes(error.code);
    await assert.rejects(it.other.open('own', wrong), isOther);
    await assert.rejects(it.other.resize('own', 2 * SIZE, wrong), isOther);
    await assert.rejects(it.other.assign('own', other, wrong), isOther);
    await assert.rejects(it.other.delete('own', wrong), isOther);
    await (await it.other.open('own', { uuid: disk.uuid, id })).close();
    assert.deepEqual(await diskOf(it.store, 'own'), disk);
    await it.other.delete('own', { uuid: disk.uuid, id });
    await volume.close();
  });

  on('a size that cannot be had is told before anything is made', async (_, it) => {
    assert.equal(await it.store.sizeRefusal(SIZE), undefined);
    assert.equal(typeof (await it.store.sizeRefusal(SIZE + 1)), 'string');
  });
}
