// Volumes that are slow to open: waited for once, taken when they have come, and closed when nobody
// needs them any longer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/base/failure.ts';
import type { Disk } from '../../../src/config/document.ts';
import {
  canShareVolume,
  isSameVolume,
  OPEN_WAIT_MAX_MS,
  PendingVolumes,
} from '../../../src/gateway/pending-volumes.ts';
import type { Volume } from '../../../src/volume/volume.ts';
import { clusterDocument } from '../../support/cluster-document.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const disk: Disk = clusterDocument({ disks: [{ name: 'a', size: '1M' }] }).disks[0]!;
const SILENT = { code: 'volumeSilent' };

/** Opens volumes when it is told to. */
function world() {
  const clock = new VirtualClock();
  const opened: object[] = [];
  const closed: number[] = [];
  const ends: { open(): void; fail(): void }[] = [];
  const openVolume = (name: string, options: object) => {
    const number = opened.push({ name, ...options }) - 1;
    const { promise, resolve, reject } = Promise.withResolvers<Volume>();
    const volume = { number, close: async () => void closed.push(number) } as unknown as Volume;
    ends.push({
      open: () => resolve(volume),
      fail: () => reject(new Failure('volumeNotFound', 'no volume')),
    });
    return promise;
  };
  return { clock, opened, closed, ends, pending: new PendingVolumes({ openVolume }, clock) };
}

test('a volume is asked for as its disk says, and belongs to the one that opened it', async () => {
  const { opened, ends, pending } = world();
  const through = { ...disk, writethrough: true, volume: { name: 'v', id: '3/1' } };
  const opening = pending.open(through);
  ends[0]!.open();
  assert.equal(((await opening) as unknown as { number: number }).number, 0);
  assert.deepEqual(opened, [{ name: 'v', writethrough: true, uuid: disk.uuid, id: '3/1' }]);
  void pending.open(through);
  assert.equal(opened.length, 2, 'what was given away is opened again');
});

test('a silent one is waited for once; later attempts take what has come', async () => {
  const { clock, opened, ends, pending } = world();
  const first = assert.rejects(pending.open(disk), SILENT);
  await clock.advance(OPEN_WAIT_MAX_MS);
  await first;
  await assert.rejects(pending.open(disk), SILENT);
  ends[0]!.open();
  await settle();
  assert.ok(await pending.open(disk));
  assert.equal(opened.length, 1);
});

test('one that fails is tried again', async () => {
  const { opened, ends, pending } = world();
  const first = assert.rejects(pending.open(disk), { code: 'volumeNotFound' });
  ends[0]!.fail();
  await first;
  const second = pending.open(disk);
  ends[1]!.open();
  assert.ok(await second);
  assert.equal(opened.length, 2);
});

test('what nobody waits for is closed when it opens: for another volume, or no disk', async () => {
  const { clock, closed, ends, pending } = world();
  const silent = async (each: Disk) => {
    const opening = assert.rejects(pending.open(each), SILENT);
    await clock.advance(OPEN_WAIT_MAX_MS);
    await opening;
  };
  await silent(disk);
  await silent({ ...disk, writethrough: true });
  pending.keep(new Set([disk.uuid]));
  ends[0]!.open();
  await settle();
  assert.deepEqual(closed, [0]);
  pending.keep(new Set());
  ends[1]!.open();
  await settle();
  assert.deepEqual(closed, [0, 1]);
});

test('one open volume serves disks with the same volume and the same cache', () => {
  const named = { ...disk, volume: { name: 'a' } };
  const known = { ...disk, volume: { id: '1' } };
  const other = { ...disk, volume: { id: '2' } };
  assert.ok(isSameVolume(disk, named) && isSameVolume(disk, known));
  assert.ok(!isSameVolume(known, other));
  assert.ok(!isSameVolume(disk, { ...disk, volume: { name: 'b' } }));
  assert.ok(canShareVolume(disk, named));
  assert.ok(!canShareVolume(disk, { ...disk, writethrough: true }));
});
