// A document of an older release gets the ids of its volumes once, the same for all gateways.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDocument, writeDocument } from '../../../src/control/document/document-record.ts';
import { PIN_WAIT_MAX_MS, readPinnedDocument } from '../../../src/gateway/pinned-document.ts';
import { MemoryRecordsWorld } from '../../doubles/memory-records-world.ts';
import { MemoryStore } from '../../doubles/memory-volumes.ts';
import { clusterDocument } from '../../support/cluster-document.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

async function world(withIds = true) {
  const clock = new VirtualClock();
  const records = await new MemoryRecordsWorld({ clock, random: new SeededRandom(1) }).open('g');
  const volumes = new MemoryStore({ withIds });
  const disks = ['a', 'b'].map((name) => ({ name, size: '1M' }));
  await writeDocument(records, 0, clusterDocument({ disks }));
  for (const name of ['other', 'a']) await volumes.create(name, 2 ** 20);
  const read = () => readPinnedDocument({ records, volumes, clock });
  const ids = async () => (await read())?.document.disks.map(({ volume }) => volume?.id);
  return { clock, records, volumes, read, ids };
}

test('the id of each volume that is there is written, once', async () => {
  const { records, volumes, read, ids } = await world();
  assert.deepEqual(await ids(), ['2', undefined]);
  const { version } = (await readDocument(records))!;
  assert.equal((await read())?.version, version);
  volumes.rename('a', 'elsewhere');
  volumes.rename('other', 'a');
  await volumes.create('b', 2 ** 20);
  assert.deepEqual(await ids(), ['2', '3'], 'what has an id keeps it');
});

test('of gateways that look at the same time all take the same ids', async () => {
  const { volumes, read } = await world();
  const list = volumes.list.bind(volumes);
  let looks = 0;
  volumes.list = async () => {
    const found = await list();
    // The name goes to another volume between the looks of two gateways.
    if (++looks === 1) {
      volumes.rename('a', 'elsewhere');
      volumes.rename('other', 'a');
    }
    return found;
  };
  const both = await Promise.all([read(), read()]);
  const ids = both.map((each) => each?.document.disks[0]?.volume?.id);
  assert.equal(ids[0], ids[1]);
});

test('a volume that is of another disk gives no id, and names alone need none', async () => {
  const { volumes, ids } = await world();
  const disk = { uuid: '00000000-0000-4000-8000-000000000001', wwn: 'naa.31', serial: '1' };
  await volumes.assign('a', disk);
  assert.deepEqual(await ids(), [undefined, undefined]);
  const plain = await world(false);
  assert.deepEqual(await plain.ids(), [undefined, undefined]);
});

test('a store that does not answer keeps nothing from being served', async () => {
  const { clock, volumes, read } = await world();
  volumes.names = () => new Promise(() => {});
  const reading = read();
  await clock.advance(PIN_WAIT_MAX_MS);
  assert.equal((await reading)?.document.disks.length, 2);
  volumes.names = () => Promise.reject(new Error('planted'));
  assert.equal((await read())?.document.disks.length, 2);
});
