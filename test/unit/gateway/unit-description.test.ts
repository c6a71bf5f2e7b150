// A disk as its initiators see it: identity and cache of the document and its volume, and the
// blocks that the volume has whole.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unitDescription } from '../../../src/gateway/unit-description.ts';
import type { Volume } from '../../../src/volume/volume.ts';
import { clusterDocument } from '../../support/cluster-document.ts';

const volume = (sizeBytes: number, volatileCache: boolean) =>
  ({ sizeBytes, limits: { volatileCache } }) as unknown as Volume;

test('a disk and its volume', () => {
  const wwn = `naa.6${'0'.repeat(30)}f`;
  const parts = { name: 'a', size: '1M', blockLength: 4096, readOnly: true, product: 'P', wwn };
  const disk = clusterDocument({ disks: [parts] }).disks[0]!;
  const seen = unitDescription(disk, volume(3 * 4096 - 1, false), 7);
  const { uuid, serial, vendor, revision } = disk;
  assert.deepEqual(seen, {
    identity: {
      ...{ uuid, serial, vendor, revision, product: 'P' },
      naa: Uint8Array.of(0x60, ...Array(14).fill(0), 0x0f),
    },
    ...{ blocks: 2, documentBlocks: 256, blockLengthBytes: 4096, documentVersion: 7 },
    ...{ readOnly: true, volatileCache: false },
  });
  assert.equal(unitDescription(disk, volume(3 * 4096, true), 7).blocks, 3);
  assert.equal(unitDescription(disk, volume(0, true), 7).volatileCache, true);
});
