// Proves that the package which `npm pack` makes of a clone has all that it needs: installed as a
// user does, its program serves a disk on the Node that came with it.

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { read16, write16 } from '../initiator/cdb.ts';
import { Initiator } from '../initiator/initiator.ts';
import { mustRun } from '../support/run.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const LIMIT_MS = 240_000;
const targetName = 'iqn.2026-11.com.example:t';
const initiatorName = 'iqn.1994-05.com.example:host1';
/** Of a clone: made elsewhere, or no part of it. */
const leftOut = new Set(['.git', 'node_modules', 'dist', 'prebuilt', 'test', 'bench']);

test('a packed clone installs and serves', { timeout: LIMIT_MS }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'allpath-package-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const clone = join(folder, 'clone');
  const filter = (path: string) => !leftOut.has(basename(path)) || path === root;
  cpSync(root, clone, { recursive: true, preserveTimestamps: true, filter });
  // All but its cache, which is of other files.
  mkdirSync(join(clone, 'node_modules'));
  for (const name of await readdir(join(root, 'node_modules'))) {
    const path = join('node_modules', name);
    if (name !== '.cache') symlinkSync(join(root, path), join(clone, path));
  }
  const npm = async (...words: string[]) =>
    await mustRun('npm', [...words, '--no-audit', '--no-fund'], LIMIT_MS);

  await npm('pack', clone, '--pack-destination', folder, '--silent');
  const file = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? assert.fail();
  const prefix = join(folder, 'prefix');
  await npm('install', '--global', '--prefix', prefix, '--prefer-offline', join(folder, file));
  const installed = join(prefix, 'lib', 'node_modules', 'allpath');
  for (const path of [
    'dist/src/cli/main.js',
    'prebuilt',
    'docs/guide/ceph.md',
    'README.md',
    'LICENSE',
  ]) {
    assert.ok(existsSync(join(installed, path)), `${path} is packed`);
  }
  for (const path of ['src', 'lab', 'test', 'scripts/setup.mjs']) {
    assert.ok(!existsSync(join(installed, path)), `${path} is not packed`);
  }

  const program = join(prefix, 'bin', 'allpath');
  const bare = ['-i', 'PATH=/usr/bin:/bin', program, '--help'];
  assert.match(await mustRun('/usr/bin/env', bare), /^Usage: allpath/);
  process.env['ALLPATH_PROGRAM'] = program;
  const { DocumentGateway } = await import('../support/document-gateway.ts');
  const disks = [{ name: 'd', size: '1M' }];
  const targets = [{ iqn: targetName, luns: { 0: 'd' }, access: 'any' }];
  await using gateway = await DocumentGateway.start({ disks, targets });
  const initiator = await Initiator.connect({ ...gateway.address, targetName, initiatorName });
  // What a new nexus is told first.
  await initiator.execute({ cdb: read16(0, 1), dataInLength: 512 });
  const data = Buffer.alloc(512, 7);
  assert.equal((await initiator.execute({ cdb: write16(0, 1), dataOut: data })).status, 0);
  const { dataIn } = await initiator.execute({ cdb: read16(0, 1), dataInLength: 512 });
  assert.deepEqual(Buffer.from(dataIn), data);
  await initiator.logout();
});
