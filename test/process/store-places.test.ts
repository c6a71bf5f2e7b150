// Proves, with real processes, what is said of folders that hold no store, that nobody may read, or
// where none can be made, and that a gateway makes none.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../support/run.ts';
import { tied } from '../support/tied.ts';

const program = fileURLToPath(new URL('../../bin/allpath', import.meta.url));
/** A command that hangs; none comes near. */
const commandLimitMs = 60_000;
const NOBODY = 65_534;
let folder = '';
let file = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'allpath-test-'));
  await chmod(folder, 0o755);
  file = join(folder, 'document.yaml');
  await writeFile(file, 'formatVersion: 1\n');
});
after(() => rm(folder, { recursive: true, force: true }));

async function allpath(...args: readonly string[]) {
  return await run(program, args, commandLimitMs);
}

test('a gateway makes no store', async () => {
  await mkdir(join(folder, 'empty'));
  for (const name of ['absent', 'empty']) {
    const store = join(folder, name);
    const { code, stderr } = await allpath('gateway', '--name', 'g', '--store', store);
    assert.equal(code, 1);
    assert.match(stderr, /^allpath: there is no (folder|store in the folder) .*check --store/);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  }
  assert.deepEqual((await readdir(folder)).sort(), ['document.yaml', 'empty']);
  assert.deepEqual(await readdir(join(folder, 'empty')), []);
});

test('making a store is reported on standard error', async () => {
  const store = join(folder, 'made', 'deeper');
  const first = await allpath('apply', file, '--store', store);
  assert.deepEqual([first.code, first.stderr], [0, `made a store in ${store}\n`]);
  const again = await allpath('apply', file, '--store', store);
  assert.deepEqual([again.code, again.stderr], [0, '']);
  const other = join(folder, 'other');
  const create = await allpath('disk', 'create', 'a', '1M', '--store', other, '--json');
  const notice = { notice: { store: { path: other, made: true } } };
  assert.deepEqual([create.code, create.stderr], [0, `${JSON.stringify(notice)}\n`]);
  JSON.parse(create.stdout);
});

test('a folder that cannot be made is an error at once', async () => {
  for (const store of ['/proc/x', '/proc/x/y', join(file, 'x')]) {
    const { code, stderr } = await allpath('apply', file, '--store', store);
    assert.equal(code, 1, `${store}: ${stderr}`);
    assert.match(stderr, /^allpath: cannot (make a|read the) store in [^\n]*\n$/);
    assert.doesNotMatch(stderr, /E[A-Z]{4,}|mkdir/);
  }
});

test('a folder without permission is reported as such', async () => {
  const store = join(folder, 'private');
  assert.equal((await allpath('apply', file, '--store', store)).code, 0);
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) await chmod(store, 0);
  const identity = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const commands = [
    ['status'],
    ['get'],
    ['disk', 'list'],
    ['apply', file],
    ['apply', file, '--dry-run'],
    ['gateway', '--name', 'g'],
  ];
  for (const words of commands) {
    const child = spawn(...tied(program, [...words, '--store', store]), {
      ...identity,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += String(chunk);
    });
    await once(child, 'close');
    assert.match(said, /^allpath: cannot read the store in .*: this user has no permission; /);
    assert.match(said, /belongs to user id \d+ \(mode 0[0-7]{3}\): run as that user\n$/);
  }
  if (!isRoot) await chmod(store, 0o700);
});
