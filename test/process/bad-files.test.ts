// Proves, with real processes, that a file or store that cannot be used is answered in one plain
// line: with its path, without words of Node or of the system's error numbers, and in time.

import assert from 'node:assert/strict';
import { appendFile, chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FOREIGN_WORDS } from '../support/foreign-words.ts';
import { run } from '../support/run.ts';

const program = fileURLToPath(new URL('../../bin/allpath', import.meta.url));
/** A command that hangs; none comes near. */
const commandLimitMs = 60_000;
const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups'];
let folder = '';
let store = '';
const at = (name: string) => join(folder, name);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'allpath-test-'));
  await chmod(folder, 0o755);
  store = at('store');
  await writeFile(at('good.yaml'), 'formatVersion: 1\ngateways: []\n');
  assert.equal((await run(program, ['apply', at('good.yaml'), '--store', store])).code, 0);
});
after(() => rm(folder, { recursive: true, force: true }));

async function refusal(code: number, ...words: readonly string[]): Promise<string> {
  const outcome = await run(program, words, commandLimitMs);
  return refusalOf(outcome, code, words);
}

function refusalOf(
  outcome: { code: number | null; stderr: string },
  code: number,
  words: unknown,
): string {
  const { stderr } = outcome;
  assert.equal(outcome.code, code, `${words}: ${stderr}`);
  assert.doesNotMatch(stderr, FOREIGN_WORDS);
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  return stderr.trimEnd().replace(/^allpath: /, '');
}

test('a document that cannot be read', async () => {
  await symlink(at('circle'), at('circle'));
  await writeFile(at('private.yaml'), 'formatVersion: 1\n', { mode: 0o200 });
  const cases = {
    absent: 'it does not exist',
    store: 'it is a folder, not a file',
    'good.yaml/x': 'a part of the path is a file, not a folder',
    circle: 'its symbolic links lead in a circle',
    ['x'.repeat(300)]: 'the path is too long',
  };
  for (const [name, reason] of Object.entries(cases)) {
    const said = await refusal(1, 'apply', at(name), '--store', store);
    assert.equal(said, `cannot read the document ${at(name)}: ${reason}`);
  }
  const words = [program, 'apply', at('private.yaml'), '--store', at('other')];
  const asNobody = process.getuid?.() === 0 ? ['setpriv', ...NOBODY, ...words] : words;
  const outcome = await run(asNobody[0]!, asNobody.slice(1), commandLimitMs);
  assert.match(refusalOf(outcome, 1, words), /private\.yaml: this user has no permission$/);
});

test('a store that is damaged, of another release, or of another program', async () => {
  const places: Record<string, (path: string) => void> = {
    newer: (path) => edit(path, 'PRAGMA application_id = 1095783496; PRAGMA user_version = 99'),
    other: (path) => edit(path, 'CREATE TABLE x (y); PRAGMA application_id = 7'),
  };
  for (const [name, make] of Object.entries(places)) {
    await mkdir(at(`${name}/records`), { recursive: true });
    make(at(`${name}/records/records.db`));
  }
  await mkdir(at('damaged/records'), { recursive: true });
  await appendFile(
    at('damaged/records/records.db'),
    'not a database, but long enough to be read'.repeat(99),
  );
  await mkdir(at('folder/records/records.db'), { recursive: true });
  for (const command of [['status'], ['gateway', '--name', 'g']]) {
    const said = (name: string) => refusal(1, ...command, '--store', at(name));
    assert.match(await said('newer'), /newer\/records\/records\.db has format 99; .*format 1: /);
    assert.match(await said('other'), /other\/records\/records\.db is not a store of Allpath/);
    const damaged = await said('damaged');
    assert.ok(damaged.startsWith(`${at('damaged/records/records.db')} is damaged, or not a data`));
    assert.match(damaged, /: end all gateways of this store, move the folder .*"allpath apply"/);
    assert.match(await said('folder'), /folder\/records/);
  }
});

function edit(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

test('names that are not known come with the one that was meant', async () => {
  await writeFile(
    at('named.yaml'),
    'formatVersion: 1\ndisks: [{name: backup, size: 1M}]\n' +
      'gateways: [{name: gateway1, portals: [{address: 192.0.2.1}]}]\n',
  );
  assert.equal((await run(program, ['apply', at('named.yaml'), '--store', store])).code, 0);
  const place = ['--store', store];
  for (const words of [
    ['delete', 'bakup'],
    ['resize', 'bakup', '2M'],
    ['rename', 'bakup', 'x'],
  ]) {
    const said = await refusal(1, 'disk', ...words, ...place);
    assert.equal(said, 'there is no disk bakup; did you mean backup?');
  }
  const imported = await refusal(1, 'disk', 'import', 'bakup', ...place);
  assert.equal(imported, 'the store has no volume bakup; did you mean backup?');
  const gateway = await refusal(1, 'gateway', '--name', 'gatway1', ...place);
  assert.equal(gateway, 'the document has no gateway gatway1; did you mean gateway1?');
  const unreachable = await refusal(
    1,
    'gateway',
    '--name',
    'gateway1',
    '--log-level',
    'error',
    ...place,
  );
  assert.equal(
    unreachable,
    'cannot listen on 192.0.2.1:3260: this machine does not have that address',
  );
});

test('a folder that may be read, and not written', async () => {
  if (process.getuid?.() !== 0) await chmod(store, 0o500);
  else await run('chown', ['-R', '65534:65534', store]);
  await run('chmod', ['a-w', '-R', store]);
  for (const words of [
    ['disk', 'create', 'x', '1M'],
    ['apply', at('good.yaml')],
  ]) {
    const line = [program, ...words, '--store', store];
    const asNobody = process.getuid?.() === 0 ? ['setpriv', ...NOBODY, ...line] : line;
    const outcome = await run(asNobody[0]!, asNobody.slice(1), commandLimitMs);
    assert.match(refusalOf(outcome, 1, line), /store.*: this user has no permission/);
  }
  await run('chmod', ['u+w', '-R', store]);
});
