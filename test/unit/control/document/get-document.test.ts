// The document comes back with the version that it is based on, and with secrets only when asked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REDACTED } from '../../../../src/config/redact.ts';
import { getDocument } from '../../../../src/control/document/get-document.ts';
import { documentDraft } from '../../../support/cluster-document.ts';
import { DiskCluster } from '../../../support/disk-cluster.ts';

const chap = { user: 'someone', secret: 'a secret of some length' };

test('a document is got as it is applied', async () => {
  const cluster = await DiskCluster.open();
  const { version, document } = await cluster.change(() => documentDraft({ discovery: { chap } }));
  const got = await getDocument(cluster.context, { withSecrets: true });
  assert.deepEqual(got, { ...document, basedOn: version });
  assert.deepEqual(Object.keys(got).slice(0, 2), ['formatVersion', 'basedOn']);
  assert.deepEqual((await cluster.change(() => got)).diff.changes, []);
});

test('secrets are told only to those who ask for them', async () => {
  const cluster = await DiskCluster.open();
  await cluster.change(() => documentDraft({ discovery: { chap } }));
  const { discovery } = await getDocument(cluster.context, { withSecrets: false });
  assert.equal(discovery.chap?.secret, REDACTED);
});

test('a store without a document says so', async () => {
  const cluster = await DiskCluster.open();
  const getting = getDocument(cluster.context, { withSecrets: false });
  await assert.rejects(getting, { code: 'documentMissing', message: /use "allpath apply"$/ });
});
