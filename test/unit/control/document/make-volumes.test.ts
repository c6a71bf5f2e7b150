// The volumes of a document are made once, with a note of whose data they hold, and are never made
// smaller unasked; a store that does not answer is not waited for when disks leave.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffDocuments } from '../../../../src/config/diff.ts';
import type { Disk } from '../../../../src/config/document.ts';
import { makeVolumes, markVolumes } from '../../../../src/control/document/make-volumes.ts';
import { VolumeEntries } from '../../../../src/control/volume-entries.ts';
import { MemoryStore } from '../../../doubles/memory-volumes.ts';
import { clusterDocument } from '../../../support/cluster-document.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const MIB = 2 ** 20;
const documentOf = (size: number) => clusterDocument({ disks: [{ name: 'a', size }] });

async function entriesOf(volumes: MemoryStore): Promise<VolumeEntries> {
  return new VolumeEntries(await volumes.list());
}

async function made(volumes: MemoryStore, known = new Map<string, string | undefined>()) {
  const diff = diffDocuments(undefined, documentOf(MIB));
  await makeVolumes(volumes, diff, await entriesOf(volumes), known, false);
  return known;
}

test('a volume is made once for a draft, and says whose data it holds', async () => {
  const volumes = new MemoryStore({ withIds: true });
  const known = await made(volumes);
  const [entry] = await volumes.list();
  assert.deepEqual([...known], [['a', entry?.id]]);
  assert.equal(entry?.disk?.uuid, documentOf(MIB).disks[0]?.uuid);
  // Another change came first: the draft is computed again, and its volume is there.
  await made(volumes, known);
  assert.equal((await volumes.list()).length, 1);
});

test('a volume grows to the size of its disk, and does not shrink unless that was asked for', async () => {
  const volumes = new MemoryStore();
  await made(volumes);
  const grow = diffDocuments(documentOf(MIB), documentOf(2 * MIB));
  await makeVolumes(volumes, grow, await entriesOf(volumes), new Map(), false);
  assert.equal((await volumes.list())[0]?.sizeBytes, 2 * MIB);
  const shrink = diffDocuments(documentOf(2 * MIB), documentOf(MIB), { mayShrink: true });
  const entries = await entriesOf(volumes);
  const broken = { name: 'InvariantBroken' };
  await assert.rejects(makeVolumes(volumes, shrink, entries, new Map(), false), broken);
  assert.equal((await volumes.list())[0]?.sizeBytes, 2 * MIB);
  await makeVolumes(volumes, shrink, entries, new Map(), true);
  assert.equal((await volumes.list())[0]?.sizeBytes, MIB);
});

test('a store that hangs holds nobody up when disks leave the document', async () => {
  const volumes = new MemoryStore();
  await volumes.create('a', MIB);
  const hanging = Object.create(volumes, { assign: { value: () => new Promise(() => {}) } });
  const clock = new VirtualClock();
  const [disk] = documentOf(MIB).disks as [Disk];
  const marking = markVolumes(hanging, [disk], await entriesOf(volumes), clock);
  await clock.advance(10_000);
  await marking;
});
