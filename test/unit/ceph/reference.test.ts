// Proves that docs/reference/ceph-settings.md says what the tables say, and that no setting is in
// both of them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cephSettingTable } from '../../../src/ceph/ceph-settings.ts';
import { harmlessReason } from '../../../src/ceph/other-settings.ts';
import { cephSettingsReference } from '../../../src/ceph/reference.ts';

test('the page is up to date (node scripts/reference.ts)', () => {
  const page = new URL('../../../docs/reference/ceph-settings.md', import.meta.url);
  assert.equal(readFileSync(page, 'utf8'), cephSettingsReference());
});

test('a setting is set or left alone, never both', () => {
  for (const name of Object.keys(cephSettingTable)) {
    assert.equal(harmlessReason(name), undefined, name);
  }
  assert.ok(harmlessReason('rbd_cache_size'));
  assert.equal(harmlessReason('rbd_qos_iops_limit'), undefined);
  assert.ok(harmlessReason('rbd_qos_iops_burst_seconds'));
  assert.equal(harmlessReason('rbd_something_new'), undefined);
});

test('what an image may carry is what a client sets, or means the same', () => {
  for (const [name, { value, images }] of Object.entries(cephSettingTable)) {
    if (images !== undefined) assert.ok(images.includes(value), name);
  }
});
