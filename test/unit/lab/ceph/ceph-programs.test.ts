// Proves that a machine without Ceph is told, in one line, which packages of Debian to install.

import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findCephPrograms } from '../../../../lab/ceph/ceph-programs.ts';
import { ThrowawayCeph } from '../../../../lab/ceph/throwaway-ceph.ts';
import type { Failure } from '../../../../src/base/failure.ts';

const present = ['monmaptool', 'ceph-mon', 'rados', 'rbd'];

test('what is missing is named by package, and nothing is started', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'allpath-test-'));
  try {
    for (const name of present) await writeFile(join(folder, name), '', { mode: 0o755 });
    const missing = (...packages: string[]) => {
      return (error: Failure) => {
        assert.equal(error.code, 'cephPackagesMissing');
        assert.deepEqual(error.data['packages'], packages);
        assert.ok(error.message.endsWith(`apt-get install ${packages.join(' ')}`), error.message);
        assert.ok(!error.message.includes('\n'));
        return true;
      };
    };
    assert.throws(() => findCephPrograms(false, [folder]), missing('ceph-osd'));
    assert.throws(() => findCephPrograms(true, [folder]), missing('ceph-osd', 'ceph-mgr'));
    const start = ThrowawayCeph.start({ programFolders: [folder] });
    await assert.rejects(start, missing('ceph-osd'));

    await writeFile(join(folder, 'ceph-osd'), '');
    assert.throws(() => findCephPrograms(false, [folder]), missing('ceph-osd'));
    await chmod(join(folder, 'ceph-osd'), 0o755);
    assert.equal(findCephPrograms(false, [folder]).get('ceph-osd'), join(folder, 'ceph-osd'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
