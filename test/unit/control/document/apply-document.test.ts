// What the person who applies a document may say besides: that it replaces other people's changes,
// or that it comes from another store; and that a difference is only looked at.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DocumentDraft } from '../../../../src/config/document.ts';
import { applyDocument, diffDocument } from '../../../../src/control/document/apply-document.ts';
import { readDocument } from '../../../../src/control/document/document-record.ts';
import { DiskCluster } from '../../../support/disk-cluster.ts';

function asked(document: DocumentDraft, rest: { force?: boolean; otherStore?: boolean } = {}) {
  return { document, force: false, otherStore: false, ...rest };
}

test('a document becomes that of the cluster', async () => {
  const cluster = await DiskCluster.open();
  const applied = await applyDocument(cluster.context, asked(cluster.draft({ name: 'a' })));
  assert.deepEqual(applied.diff.changes, ['create disk a (1M)']);
  assert.deepEqual(applied.gateways, []);
  assert.equal((await readDocument(cluster.records))?.version, applied.version);
});

test('a difference is what would be done, and nothing is done', async () => {
  const cluster = await DiskCluster.open();
  await cluster.apply({ name: 'a', size: '2M' });
  const small = asked(cluster.draft({ name: 'a' }, { name: 'b' }));
  assert.deepEqual(await diffDocument(cluster.context, small), {
    changes: ['resize disk a from 2M to 1M', 'create disk b (1M)'],
    refusals: ['disk a would shrink from 2M to 1M: use "disk resize --shrink"'],
  });
  assert.deepEqual(await cluster.volumeNames(), ['a']);
});

test('a document of an older version is refused, unless it is to replace what changed', async () => {
  const cluster = await DiskCluster.open();
  const { version } = await cluster.apply({ name: 'a' });
  await cluster.apply({ name: 'a' }, { name: 'b' });
  const old = { ...cluster.draft({ name: 'a' }, { name: 'c' }), basedOn: version };
  await assert.rejects(applyDocument(cluster.context, asked(old)), { code: 'documentStale' });
  await assert.rejects(diffDocument(cluster.context, asked(old)), { code: 'documentStale' });
  const { document } = await applyDocument(cluster.context, asked(old, { force: true }));
  assert.deepEqual(
    document.disks.map(({ name }) => name),
    ['a', 'c'],
  );
});

test('the ids of volumes of another store do not count, if it is said that they are', async () => {
  const cluster = await DiskCluster.open({ withIds: true });
  const draft = cluster.draft({ name: 'a', volume: { id: 'elsewhere' } });
  await assert.rejects(applyDocument(cluster.context, asked(draft)), { code: 'applyRefused' });
  const { document } = await applyDocument(cluster.context, asked(draft, { otherStore: true }));
  assert.equal(document.disks[0]?.volume?.id, (await cluster.volumes.list())[0]?.id);
});
