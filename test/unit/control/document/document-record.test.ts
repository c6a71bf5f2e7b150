// Proves that a document comes back as it was written, and that one of an older release gets the
// settings that it could not have.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDocument, writeDocument } from '../../../../src/control/document/document-record.ts';
import { MemoryRecordsWorld } from '../../../doubles/memory-records-world.ts';
import { clusterDocument } from '../../../support/cluster-document.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const world = new MemoryRecordsWorld({ clock: new VirtualClock(), random: new SeededRandom(1) });
const records = await world.open('tool');

test("a document comes back as it was written; a rival's version is not replaced", async () => {
  const document = clusterDocument({
    disks: [{ name: 'a', size: '1M' }],
    settings: { chapMd5: false },
  });
  const version = (await writeDocument(records, 0, document)) ?? assert.fail();
  assert.deepEqual(await readDocument(records), { version, document });
  assert.equal(await writeDocument(records, 0, clusterDocument({})), undefined);
});

test('a document of a release without some settings gets their defaults', async () => {
  const { version = 0 } = (await readDocument(records)) ?? {};
  const document = clusterDocument({ settings: { queueDepth: 17 } });
  const older = { ...document, settings: { queueDepth: 17 } } as typeof document;
  assert.ok(await writeDocument(records, version, older));
  assert.deepEqual((await readDocument(records))?.document, document);
});

test('a document of a release that kept no next port identifier gets one above its ports', async () => {
  const { version = 0 } = (await readDocument(records)) ?? {};
  const portals = ['10.0.0.1', '10.0.0.2'].map((address) => ({ address }));
  const document = clusterDocument({ gateways: [{ name: 'g', portals }] });
  const { nextRelativePortIdentifier, ...older } = document;
  assert.equal(nextRelativePortIdentifier, 3);
  assert.ok(await writeDocument(records, version, older as typeof document));
  assert.deepEqual((await readDocument(records))?.document, document);
});
