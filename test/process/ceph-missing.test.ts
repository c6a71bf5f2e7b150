// Without Ceph's libraries, and without the addon, all else runs, and asking for a cluster names
// what to install. A library is hidden by an empty file that the loader finds first.

import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Finished, run } from '../support/run.ts';

const source = fileURLToPath(new URL('../../src', import.meta.url));

/** Asks for a cluster and prints the failure; `folder` is where the layer above the addon lies. */
function ask(folder: string): string[] {
  const client = JSON.stringify(join(folder, 'ceph', 'rados-client.ts'));
  const script = `
    const { RadosClient } = await import(${client});
    try {
      await RadosClient.connect({ conf: '/nonexistent', user: 'admin' });
    } catch ({ code, message, data }) {
      console.log(JSON.stringify({ code, message, data }));
    }`;
  return ['--input-type=module', '--eval', script];
}

function failureOf({ code, stdout, stderr }: Finished) {
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as { code: string; message: string; data: Record<string, unknown> };
}

for (const [library, debianPackage] of [
  ['librados.so.2', 'librados2'],
  ['librbd.so.1', 'librbd1'],
] as const) {
  test(`without ${library}, the failure names ${debianPackage}`, async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'allpath-test-'));
    context.after(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, library), '');
    const command = [`LD_LIBRARY_PATH=${folder}`, process.execPath, ...ask(source)];
    const failure = failureOf(await run('env', command));
    assert.equal(failure.code, 'cephMissing', failure.message);
    assert.equal(failure.data['library'], library);
    assert.match(failure.message, new RegExp(`install the Debian package ${debianPackage}$`));
  });
}

test('without the addon, the failure says how to have it built', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'allpath-test-'));
  try {
    const copy = join(folder, 'src');
    for (const part of ['base', 'ceph', 'host']) {
      await cp(join(source, part), join(copy, part), { recursive: true });
    }
    const failure = failureOf(await run(process.execPath, ask(copy)));
    assert.equal(failure.code, 'cephAddonMissing');
    assert.match(failure.message, /Debian package g\+\+/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
