// Proves that `apply` says what it will do, and refuses what would lose data or change a medium.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffDocuments } from '../../../src/config/diff.ts';
import type { ClusterDocument } from '../../../src/config/document.ts';
import { completeIdentities } from '../../../src/config/identity.ts';
import { parseDocument } from '../../../src/config/parse.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const random = new SeededRandom(1);

function complete(text: string, current?: ClusterDocument): ClusterDocument {
  const result = parseDocument(`formatVersion: 1\n${text}`);
  assert.ok(result.ok);
  return completeIdentities(result.document, current, random);
}

test('disks are created, resized and released; nothing is refused for that', () => {
  const old = complete('disks: [{name: a, size: 1G}, {name: b, size: 1G}]');
  const next = complete('disks: [{name: a, size: 2G}, {name: c, size: 1M}]', old);
  const diff = diffDocuments(old, next);
  assert.deepEqual(diff.refusals, []);
  assert.deepEqual(diff.changes, [
    'resize disk a from 1G to 2G',
    'create disk c (1M)',
    'stop serving disk b; its data stay',
  ]);
  assert.deepEqual(
    diff.createDisks.map(({ name }) => name),
    ['c'],
  );
  assert.deepEqual(
    diff.releaseDisks.map(({ name }) => name),
    ['b'],
  );
});

test('a disk that was being deleted is not said to keep its data', () => {
  const old = complete('disks: [{name: a, size: 1G, deleting: true}]');
  const { changes } = diffDocuments(old, complete('disks: []', old));
  assert.deepEqual(changes, ['remove disk a, which was being deleted']);
});

test('shrinking, another block length and another uuid are refused', () => {
  const old = complete('disks: [{name: a, size: 1G}]');
  const shrunk = complete('disks: [{name: a, size: 1M}]', old);
  assert.equal(diffDocuments(old, shrunk).refusals.length, 1);
  assert.equal(diffDocuments(old, shrunk, { mayShrink: true }).refusals.length, 0);
  const blocks = complete('disks: [{name: a, size: 1G, blockLength: 4096}]', old);
  assert.equal(diffDocuments(old, blocks, { mayShrink: true }).refusals.length, 1);
  const uuid = '00000000-0000-4000-8000-000000000001';
  const other = complete(`disks: [{name: a, size: 1G, uuid: ${uuid}}]`, old);
  assert.equal(diffDocuments(old, other, { mayShrink: true }).refusals.length, 1);
});

test('the order of keys is no change', () => {
  const old = complete('targets: [{iqn: iqn.2026-11.com.example:x, access: any, alias: a}]');
  const next = complete('targets: [{alias: a, access: any, iqn: iqn.2026-11.com.example:x}]', old);
  assert.deepEqual(diffDocuments(old, next).changes, []);
  const changed = complete('targets: [{access: [], iqn: iqn.2026-11.com.example:x}]', old);
  assert.deepEqual(diffDocuments(old, changed).changes, [
    'change target iqn.2026-11.com.example:x: alias, access',
  ]);
});
