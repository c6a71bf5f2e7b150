// The effects of a change that is not made yet: disks with the ids of the volumes that are there,
// volumes to make and to take over, and room for the ids of those that are to be made.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lengthRefusal } from '../../../../src/control/document/document-record.ts';
import { planChange } from '../../../../src/control/document/plan-change.ts';
import { VALUE_LENGTH_MAX } from '../../../../src/records/records.ts';
import { MemoryRecordsWorld } from '../../../doubles/memory-records-world.ts';
import { MemoryStore } from '../../../doubles/memory-volumes.ts';
import { documentDraft } from '../../../support/cluster-document.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const MIB = 2 ** 20;
const draft = documentDraft({ disks: ['a', 'b'].map((name) => ({ name, size: '1M' })) });

async function store() {
  const random = new SeededRandom(5);
  const world = new MemoryRecordsWorld({ clock: new VirtualClock(), random });
  const volumes = new MemoryStore({ withIds: true });
  return { volumes, context: { records: await world.open('tool-1'), volumes, random } };
}

test('a volume that is there is taken over, and its id goes into the document; others are made', async () => {
  const { volumes, context } = await store();
  const id = await volumes.create('a', MIB);
  const { document, diff } = await planChange(context, () => draft, {});
  assert.deepEqual(
    document.disks.map(({ volume }) => volume?.id),
    [id, undefined],
  );
  assert.deepEqual(
    diff.createDisks.map(({ name }) => name),
    ['b'],
  );
  assert.deepEqual(
    diff.adoptDisks.map(({ disk }) => disk.name),
    ['a'],
  );
});

test('a volume that was made for the change is not taken for one that was there', async () => {
  const { volumes, context } = await store();
  await volumes.create('a', MIB);
  const { diff } = await planChange(context, () => draft, {}, new Set(['a']));
  assert.deepEqual(diff.adoptDisks, []);
});

test('a document that has no room for the ids of its new volumes is refused', async () => {
  const { context } = await store();
  const planned = async (count: number) => {
    const disks = Array.from({ length: count }, (_, i) => {
      return { name: `${'d'.repeat(50)}${i}`, size: '1M' };
    });
    return await planChange(context, () => documentDraft({ disks }), {});
  };
  const few = 100;
  const { document } = await planned(few);
  const diskBytes = JSON.stringify(document).length / few;
  const fitting = await planned(Math.floor((0.9 * VALUE_LENGTH_MAX) / diskBytes));
  assert.equal(lengthRefusal(fitting.document), undefined, 'without the ids it fits');
  assert.match(fitting.diff.refusals.join(), /bytes, at most/);
});
