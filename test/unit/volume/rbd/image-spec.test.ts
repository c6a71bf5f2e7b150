// Images are named as Ceph's own tools take them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkImageName, imageSpec } from '../../../../src/volume/rbd/image-spec.ts';

test('a namespace stands between pool and image, the default one not at all', () => {
  assert.equal(imageSpec({ pool: 'rbd' }, 'disk'), 'rbd/disk');
  assert.equal(imageSpec({ pool: 'rbd', namespace: '' }, 'disk'), 'rbd/disk');
  assert.equal(imageSpec({ pool: 'rbd', namespace: 'tenant' }, 'disk'), 'rbd/tenant/disk');
});

test('what would be read as another image, a snapshot or an option is no name', () => {
  for (const name of ['disk', 'Disk_1.a-b:c', 'x'.repeat(128)]) checkImageName(name);
  for (const name of ['', 'a/b', 'a@b', 'a b', '-a', 'x'.repeat(129), 'ä', 'a\n']) {
    assert.throws(() => checkImageName(name), { code: 'volumeBadName' }, JSON.stringify(name));
  }
});
