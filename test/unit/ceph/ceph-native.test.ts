// Without Ceph on the machine, the failure names the library and the Debian package to install.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingFailure } from '../../../src/ceph/ceph-native.ts';

test('a missing library is named together with its Debian package', () => {
  for (const [library, debianPackage] of [
    ['librados.so.2', 'librados2'],
    ['librbd.so.1', 'librbd1'],
  ] as const) {
    const failure = missingFailure({ library, reason: 'cannot open shared object file' });
    assert.equal(failure.code, 'cephMissing');
    assert.equal(failure.data['package'], debianPackage);
    assert.match(
      failure.message,
      new RegExp(`${library}.*install the Debian package ${debianPackage}`),
    );
    assert.ok(!failure.message.includes('\n'));
  }
});
