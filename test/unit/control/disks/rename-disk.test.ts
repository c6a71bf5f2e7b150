// A disk under another name is the same disk: in its LUN maps, with its identity and its volume.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renameDisk } from '../../../../src/control/disks/rename-disk.ts';
import { readDocument } from '../../../../src/control/document/document-record.ts';
import { documentDraft } from '../../../support/cluster-document.ts';
import { DiskCluster } from '../../../support/disk-cluster.ts';

const disks = ['a', 'b'].map((name) => ({ name, size: '1M' }));
const targets = [{ iqn: 'iqn.2026-11.com.example:t', luns: { 0: 'a', 1: 'b' }, access: 'any' }];

async function mapped() {
  const cluster = await DiskCluster.open();
  await cluster.change(() => documentDraft({ disks, targets }));
  const rename = (name: string, newName: string) => renameDisk(cluster.context, { name, newName });
  return { cluster, rename };
}

test('a disk keeps its LUNs, its identity and its volume', async () => {
  const { cluster, rename } = await mapped();
  const { uuid, wwn, serial } = await cluster.disk('a');
  const { version } = await rename('a', 'c');
  const current = await readDocument(cluster.records);
  assert.equal(current?.version, version);
  assert.deepEqual(current?.document.targets[0]?.luns, { 0: 'c', 1: 'b' });
  const disk = await cluster.disk('c');
  assert.deepEqual([disk.uuid, disk.wwn, disk.serial], [uuid, wwn, serial]);
  assert.equal(disk.volume?.name, 'a');
  assert.deepEqual(await cluster.volumeNames(), ['a', 'b']);
});

test('a name that is taken or is none, and a disk that is not there, are refused', async () => {
  const { rename } = await mapped();
  await assert.rejects(rename('a', 'b'), { code: 'diskExists' });
  await assert.rejects(rename('a', 'B b'), { code: 'diskInvalid', message: /^name: / });
  await assert.rejects(rename('x', 'y'), { code: 'diskNotFound' });
});
