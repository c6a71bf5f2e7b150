// Proves that a demo removes the store of one that was killed, and no other: not that of a living
// demo, not one that it cannot check, and nothing that only has such a name.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { makeTemporaryStore } from '../../../../lab/demo/temporary-store.ts';
import { ownProcessIdentity, processIdentity } from '../../../../src/host/process-identity.ts';

test('only the leftover of a process that has ended is removed', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'allpath-test-'));
  try {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']);
    const ended = { ...processIdentity(child.pid!)! };
    child.kill('SIGKILL');
    await once(child, 'close');
    const own = ownProcessIdentity();
    const leave = async (name: string, owner?: object) => {
      await mkdir(join(parent, name, 'volumes'), { recursive: true });
      if (owner !== undefined) {
        await writeFile(join(parent, name, 'owner.json'), JSON.stringify(owner));
      }
    };
    await leave('allpath-demo-killed', ended);
    await leave('allpath-demo-before-boot', { ...own, bootId: 'another' });
    await leave('allpath-demo-living', own);
    await leave('allpath-demo-elsewhere', { ...ended, pidNamespace: '1' });
    await leave('allpath-demo-unknown');
    await writeFile(join(parent, 'allpath-demo-file'), '');
    const made = await makeTemporaryStore(parent);
    assert.deepEqual(
      (await readdir(parent)).sort(),
      [
        'allpath-demo-elsewhere',
        'allpath-demo-file',
        'allpath-demo-living',
        'allpath-demo-unknown',
        basename(made),
      ].sort(),
    );
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
});
