// Changes in words are kept for a bounded number of versions, and a failure to keep them is no
// failure of the change.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../../src/base/failure.ts';
import {
  CHANGES_KEPT_MAX,
  keepChanges,
  refuseStale,
  VERSIONS_KEPT_MAX,
} from '../../../../src/control/document/document-changes.ts';
import type { Records } from '../../../../src/records/records.ts';
import { MemoryRecordsWorld } from '../../../doubles/memory-records-world.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const KEY = 'document-changes';

async function memory(): Promise<Records> {
  const random = new SeededRandom(1);
  return await new MemoryRecordsWorld({ clock: new VirtualClock(), random }).open('tool-1');
}

test('the oldest versions go when later ones come', async () => {
  const records = await memory();
  for (let version = 1; version <= VERSIONS_KEPT_MAX + 3; version++) {
    await keepChanges(records, version, [`change ${version}`]);
  }
  const versions = [...(await records.getFields(KEY)).keys()].map(Number).sort((a, b) => a - b);
  assert.equal(versions.length, VERSIONS_KEPT_MAX);
  assert.deepEqual([versions[0], versions.at(-1)], [4, VERSIONS_KEPT_MAX + 3]);
});

test('a document of the current version, or of none, is not stale; others are told what came', async () => {
  const records = await memory();
  await keepChanges(records, 2, ['disk a is new']);
  const many = Array.from({ length: CHANGES_KEPT_MAX + 2 }, (_, i) => `change ${i}`);
  await keepChanges(records, 3, many);
  await refuseStale(records, undefined, 3);
  await refuseStale(records, 3, 3);
  await assert.rejects(refuseStale(records, 1, 3), (error) => {
    assert.ok(error instanceof Failure && error.code === 'documentStale');
    assert.match(error.message, /version 2: disk a is new\n/);
    assert.match(error.message, /version 3: change 0; .*; and 2 more changes\n/);
    return true;
  });
  await assert.rejects(refuseStale(records, 4, 3), { message: /made from another store/ });
});

test('a store that cannot keep them does not matter', async () => {
  const records = await memory();
  await records.close();
  await keepChanges(records, 1, ['a']);
});
