// Proves, with real processes, what commands answer: their exit codes, their JSON, their errors.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../support/demo.ts';
import { run } from '../support/run.ts';
import { tied } from '../support/tied.ts';

const program = fileURLToPath(new URL('../../bin/allpath', import.meta.url));
/** A command that hangs; none comes near. */
const commandLimitMs = 60_000;
let folder = '';
let store = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'allpath-test-'));
  store = join(folder, 'store');
});
after(() => rm(folder, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** A command that does not end in time is killed, and has no code then. */
async function allpath(...args: readonly string[]): Promise<Outcome> {
  const { code, stdout, stderr } = await run(program, args, commandLimitMs);
  return { code, out: stdout, error: stderr };
}

async function answer(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, out, error } = await allpath(...args, '--store', store, '--json');
  assert.equal(code, 0, error);
  return JSON.parse(out) as Record<string, unknown>;
}

/** Whether all is well or not, which its exit code tells. */
async function statusNow(): Promise<Record<string, unknown>> {
  const { out, error } = await allpath('status', '--store', store, '--json');
  assert.equal(error, '');
  return JSON.parse(out) as Record<string, unknown>;
}

async function failure(code: number, ...args: readonly string[]): Promise<string> {
  const outcome = await allpath(...args, '--json');
  assert.equal(outcome.code, code, outcome.error);
  assert.equal(outcome.out, '');
  return (JSON.parse(outcome.error) as { error: { code: string } }).error.code;
}

test('exit code 2 for what is not understood, 1 for what cannot be done', async () => {
  assert.equal(await failure(2, 'nothing'), 'usage');
  assert.equal(await failure(2, 'disk', 'list'), 'usage');
  assert.equal(await failure(1, 'get', '--store', join(folder, 'none')), 'storeMissing');
  assert.equal(await failure(1, 'apply', join(folder, 'none'), '--store', store), 'fileUnreadable');
  const file = join(folder, 'bad.yaml');
  await writeFile(file, 'formatVersion: 1\ndisks:\n  - name: a\n  - size: 1x\n');
  assert.equal(await failure(2, 'apply', file, '--store', store), 'documentInvalid');
  const { code, error } = await allpath('apply', file, '--store', store);
  assert.equal(code, 2);
  assert.deepEqual(
    error
      .trim()
      .split('\n')
      .map((line) => line.slice(file.length)),
    [
      ':3:5: disks[0].size: is missing: it must be a number of bytes, or a size like 512M, 1G, 10T',
      ':4:5: disks[1].name: is missing',
      ':4:11: disks[1].size: must be a number of bytes, or a size like 512M, 1G, 10T',
    ],
  );
});

test('an invalid document does not flood the terminal', async () => {
  const file = join(folder, 'gateway.log');
  await writeFile(file, '{"level":30,"msg":"serving"}\n'.repeat(100));
  const { code, error } = await allpath('apply', file, '--store', store);
  const lines = error.trim().split('\n');
  assert.equal(code, 2);
  assert.equal(lines.length, 21, error);
  const more = 'and more: correct these first, or list all with --json';
  assert.equal(lines.at(-1), `${file}: ${more}`);
});

test('output that the file system does not take is a failure', async () => {
  const shell = ['-c', '"$0" ceph caps --pool p >/dev/full', program];
  const { code, stderr } = await run('/bin/sh', shell, commandLimitMs);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /the output could not be written: the file system is full/);
  const head = ['-c', '"$0" --help | :', program];
  assert.equal((await run('/bin/sh', head, commandLimitMs)).code, 0);
});

test('a disk is created, listed, resized and deleted', async () => {
  const made = await answer('disk', 'create', 'a', '64M', '--blocks', '4096');
  assert.match(String(made['wwn']), /^naa\.3/);
  assert.equal(await failure(1, 'disk', 'create', 'a', '64M', '--store', store), 'diskExists');
  assert.equal(await failure(2, 'disk', 'create', 'A', '64M', '--store', store), 'usage');
  const { disks } = await answer('disk', 'list');
  assert.deepEqual(disks, [made]);
  assert.equal((await answer('disk', 'resize', 'a', '128M'))['size'], 128 * 2 ** 20);
  const shrink = ['disk', 'resize', 'a', '64M', '--store', store];
  assert.equal(await failure(1, ...shrink), 'applyRefused');
  assert.equal((await answer('disk', 'resize', 'a', '64M', '--shrink'))['size'], 64 * 2 ** 20);
  assert.equal((await answer('disk', 'delete', 'a'))['deleted'], true);
  assert.deepEqual(await answer('disk', 'list'), {
    store: { dir: store },
    disks: [],
    orphans: [],
  });
});

test('a size that the file system refuses is refused before anything is made', async () => {
  const place = ['--store', join(folder, 'small'), '--json'];
  const limited = async (...words: readonly string[]) => {
    const limit = ['--fsize=1073741824', program];
    const { code, stderr } = await run('prlimit', [...limit, ...words, ...place], commandLimitMs);
    return [code, stderr] as const;
  };
  const [code, error] = await limited('disk', 'create', 'a', '2G');
  assert.equal(code, 1);
  assert.match(error, /disk a: the file system of the store has no files of/);
  assert.deepEqual(await limited('disk', 'create', 'a', '1G'), [0, '']);
  assert.equal((await limited('disk', 'resize', 'a', '2G'))[0], 1);
  const { out } = await allpath('disk', 'list', ...place);
  const { disks } = JSON.parse(out) as { disks: { size: number }[] };
  assert.deepEqual(
    disks.map(({ size }) => size),
    [2 ** 30],
  );
});

test('a gateway serves what is applied; secrets are not printed', async () => {
  const port = await freePorts(1);
  const secret = 'a-secret-of-16-b';
  const document = (alias: string) => `formatVersion: 1
disks: [{name: d, size: 64M}]
gateways: [{name: g, portals: [{address: 127.0.0.1, port: ${port}}]}]
targets:
  - iqn: iqn.2026-11.com.example:x
    alias: ${alias}
    luns: {0: d}
    access: any
    chap: {user: u, secret: ${secret}}
`;
  const file = join(folder, 'document.yaml');
  await writeFile(file, document('one'));
  const first = await answer('apply', file);
  assert.deepEqual(first['gateways'], []);
  const unknown = ['gateway', '--store', store, '--name', 'h'];
  assert.equal(await failure(1, ...unknown), 'gatewayUnknown');

  const args = ['gateway', '--store', store, '--name', 'g', '--json', '--log-level', 'error'];
  const gateway = spawn(...tied(program, args), { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(createInterface(gateway.stdout), 'line');
    const ready = JSON.parse(String(line)) as Record<string, unknown>;
    assert.deepEqual(ready['portals'], [`127.0.0.1:${port}`]);
    assert.equal(await failure(1, 'gateway', '--store', store, '--name', 'g'), 'recordsNameTaken');

    await writeFile(file, document('two'));
    const second = await answer('apply', file);
    assert.deepEqual(second['gateways'], ['g']);
    const status = await statusNow();
    const [figures] = status['gateways'] as Record<string, unknown>[];
    assert.equal(figures?.['documentVersion'], second['version']);
    assert.equal(figures?.['pid'], gateway.pid);
    assert.deepEqual(status['silent'], []);
    assert.equal(await failure(1, 'disk', 'delete', 'd', '--store', store), 'diskInUse');
  } finally {
    await ended(gateway);
  }
  assert.equal(gateway.exitCode, 0);
  assert.ok(!JSON.stringify(await answer('get')).includes(secret));
  assert.ok(!(await allpath('get', '--store', store)).out.includes(secret));
  assert.ok(JSON.stringify(await answer('get', '--secrets')).includes(secret));
});

test('a gateway that finds its port taken says so and ends', async () => {
  const other = createServer();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  try {
    const { port } = other.address() as AddressInfo;
    const taken = join(folder, 'taken');
    const file = join(folder, 'taken.json');
    const gateways = [{ name: 'g', portals: [{ address: '127.0.0.1', port }] }];
    await writeFile(file, JSON.stringify({ formatVersion: 1, gateways }));
    assert.equal((await allpath('apply', file, '--store', taken)).code, 0);
    const args = ['gateway', '--store', taken, '--name', 'g', '--log-level', 'error'];
    assert.equal(await failure(1, ...args), 'portalUnavailable');
  } finally {
    other.close();
  }
});

/** Ends a gateway, by force when asking does not help: then it has no exit code. */
async function ended(gateway: ChildProcess): Promise<void> {
  if (gateway.exitCode !== null || gateway.signalCode !== null) return;
  const closed = once(gateway, 'close');
  gateway.kill('SIGTERM');
  const late = setTimeout(() => gateway.kill('SIGKILL'), commandLimitMs);
  await closed;
  clearTimeout(late);
}

test('a closed output breaks nothing: a command ends normally, a gateway serves', async () => {
  const unread = spawn(program, ['get', '--store', store], { stdio: ['ignore', 'pipe', 'pipe'] });
  unread.stdout.destroy();
  let errors = '';
  unread.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  await once(unread, 'close');
  assert.deepEqual([unread.exitCode, errors], [0, '']);

  const gateway = spawn(program, ['gateway', '--store', store, '--name', 'g'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  gateway.stdout.destroy();
  gateway.stderr.destroy();
  try {
    const deadline = performance.now() + commandLimitMs;
    let names: unknown[] = [];
    while (names.length === 0 && performance.now() < deadline) {
      const { gateways } = await statusNow();
      names = (gateways as { name: string }[]).map(({ name }) => name);
    }
    assert.deepEqual(names, ['g']);
  } finally {
    gateway.kill('SIGTERM');
    if (gateway.exitCode === null) await once(gateway, 'close');
  }
  assert.equal(gateway.exitCode, 0);
});

test('only its owner can read a store', async () => {
  const files = await readdir(store, { recursive: true, withFileTypes: true });
  const open = files.filter(({ name, parentPath }) => {
    const { mode } = statSync(join(parentPath, name));
    return /\.(db|db-wal|db-shm|image|json|lock)$/.test(name) && (mode & 0o077) !== 0;
  });
  assert.deepEqual(
    open.map(({ name }) => name),
    [],
  );
  assert.equal(statSync(store).mode & 0o077, 0);
});

test('a document from get is applied once, and not over what changed since', async () => {
  const own = join(folder, 'based');
  const file = join(folder, 'based.yaml');
  const at = ['--store', own] as const;
  const must = async (...args: readonly string[]): Promise<string> => {
    const { code, out, error } = await allpath(...args, ...at);
    assert.equal(code, 0, error);
    return out;
  };
  await must('disk', 'create', 'a', '1M');
  const got = await must('get', '--secrets');
  assert.match(got, /^basedOn: 1$/m);
  await writeFile(file, got);
  assert.match(await must('apply', file), /^version 1: /m);
  assert.equal(await must('apply', file, '--dry-run'), 'nothing would change\n');
  await must('disk', 'resize', 'a', '2M');
  await must('disk', 'create', 'b', '1M');
  for (const options of [[], ['--dry-run']]) {
    const { code, error } = await allpath('apply', file, ...at, ...options);
    assert.equal(code, 1);
    assert.match(error, /is based on version 1, but the cluster is at version 3/);
    assert.match(error, /version 2: resize disk a from 1M to 2M\n {2}version 3: create disk b/);
    assert.match(error, /--force/);
  }
  const newer = (await must('get', '--secrets')).replace('serial:', 'readOnly: true\n    serial:');
  await writeFile(file, newer.replace('    readOnly: false\n', ''));
  assert.match(await must('apply', file), /before the next change: write "basedOn: 4" into/);
  // It names a size that disk a had: what is forced is still checked.
  await writeFile(file, got.replace('basedOn: 1\n', ''));
  assert.equal((await allpath('apply', file, ...at)).code, 1);
  await writeFile(file, got.replace('size: 1M', 'size: 2M'));
  assert.equal((await allpath('apply', file, ...at)).code, 1);
  assert.match(await must('apply', '--force', file), /stop serving disk b/);
});
