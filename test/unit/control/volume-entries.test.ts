// Which volume of a store is that of a disk: by its id where it has one, else by its name, unless
// the volume says that it holds the data of another disk.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Disk } from '../../../src/config/document.ts';
import { knownVolume, VolumeEntries } from '../../../src/control/volume-entries.ts';
import type { VolumeEntry } from '../../../src/volume/volume.ts';
import { clusterDocument } from '../../support/cluster-document.ts';

const disk: Disk = clusterDocument({ disks: [{ name: 'a', size: '1M' }] }).disks[0]!;
const entry = (name: string, rest: Partial<VolumeEntry> = {}): VolumeEntry => {
  return { name, sizeBytes: 2 ** 20, ...rest };
};
const withVolume = (volume: Disk['volume']): Disk => ({ ...disk, volume });

test('a disk without an id has the volume of its name, or of the name that it keeps', () => {
  const entries = new VolumeEntries([entry('a'), entry('b')]);
  assert.equal(entries.of(disk)?.name, 'a');
  assert.equal(entries.of(withVolume({ name: 'b' }))?.name, 'b');
  assert.equal(entries.of(withVolume({ name: 'c' })), undefined);
});

test('an id alone says which volume it is, whatever its name', () => {
  const entries = new VolumeEntries([entry('a', { id: '1' }), entry('renamed', { id: '2' })]);
  assert.equal(entries.of(withVolume({ id: '2' }))?.name, 'renamed');
  assert.equal(entries.of(withVolume({ id: '3' })), undefined, 'not the one of its name');
});

test('a volume of that name that says it is of another disk is not taken', () => {
  const noted = (uuid: string) =>
    new VolumeEntries([entry('a', { disk: { uuid } as NonNullable<VolumeEntry['disk']> })]);
  assert.equal(noted('00000000-0000-4000-8000-000000000000').of(disk), undefined);
  assert.equal(noted(disk.uuid).of(disk)?.name, 'a');
});

test('a disk is pinned to the id of its volume, once', () => {
  const entries = new VolumeEntries([entry('a', { id: '1' }), entry('b')]);
  const pinned = entries.pin(disk);
  assert.equal(pinned.volume?.id, '1');
  assert.equal(entries.pin(pinned), pinned);
  const gone = withVolume({ id: 'gone' });
  assert.equal(entries.pin(gone), gone);
  const bare = withVolume({ name: 'b' });
  assert.equal(entries.pin(bare), bare, 'a driver that has only names');
});

test('a volume is asked for by the uuid of its disk and the id that is known', () => {
  assert.deepEqual(knownVolume(disk), { uuid: disk.uuid, id: undefined });
  assert.deepEqual(knownVolume(withVolume({ id: '1' })), { uuid: disk.uuid, id: '1' });
});
