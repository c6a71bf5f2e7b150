// Proves that a repair removes only features and settings of the image itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImageProblem } from '../../../../src/volume/rbd/image-problems.ts';
import { repairImage } from '../../../../src/volume/rbd/image-repair.ts';

const problems: readonly ImageProblem[] = [
  { what: '', command: '', repair: { kind: 'disableFeatures', features: 28n } },
  { what: '', command: '' },
  { what: '', command: '', repair: { kind: 'removeImageSetting', name: 'rbd_cache' } },
];

function image(errno = 0) {
  const done: string[] = [];
  return {
    done,
    setFeatures: async (features: bigint, enabled: boolean) => {
      done.push(`features ${features} ${enabled}`);
      return errno;
    },
    setMetadata: async (key: string, value: string | undefined) => {
      done.push(`metadata ${key} ${value}`);
      return 0;
    },
    refresh: async () => {
      done.push('refresh');
      return 0;
    },
  };
}

test('features are switched off, settings removed, and the image looked at anew', async () => {
  const it = image();
  await repairImage(it, 'rbd/disk', problems);
  assert.deepEqual(it.done, ['features 28 false', 'metadata conf_rbd_cache undefined', 'refresh']);
});

test('what Ceph refuses ends it', async () => {
  await assert.rejects(repairImage(image(-30), 'rbd/disk', problems), { code: 'cephFailed' });
});
