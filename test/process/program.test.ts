// Proves that the program is one process from start to end, as supervisors and shells expect: a
// signal to the process id that the shell knows ends the gateway, and no other process is left.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../support/demo.ts';
import { mustRun, run } from '../support/run.ts';
import { tied } from '../support/tied.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = join(root, 'bin', 'allpath');
const HANG_MS = 240_000;
/** Whatever has not ended so long after its signal does not end. */
const LEFT_MS = 60_000;
let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'allpath-test-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/**
 * Starts a program whose lines on standard output can be waited for, as the leader of a process
 * group: what it leaves behind is ended with the group.
 */
function start(file: string, args: readonly string[]) {
  const child = spawn(...tied(file, args), {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: root,
    detached: true,
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  // Standard output closes when the last process that holds it has ended.
  const closed = once(child, 'close');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    assert.ok(done !== true, `it ended early: ${errors}`);
    return value;
  };
  /** Resolves when every process has ended; fails if one is left. */
  const allEnded = async (): Promise<void> => {
    const late = AbortSignal.timeout(LEFT_MS);
    const left = once(late, 'abort').then(() => assert.fail('a process is left'));
    await Promise.race([closed, left]);
  };
  const stop = async (): Promise<void> => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // The whole group has ended.
    }
    await closed;
  };
  return { child, allEnded, next, errors: () => errors, [Symbol.asyncDispose]: stop };
}

test('SIGTERM to the process that a shell started ends the gateway', {
  timeout: HANG_MS,
}, async () => {
  const port = await freePorts(1);
  const store = join(folder, 'store');
  const file = join(folder, 'document.json');
  const gateways = [{ name: 'g', portals: [{ address: '127.0.0.1', port }] }];
  await writeFile(file, JSON.stringify({ formatVersion: 1, gateways }));
  await mustRun(program, ['apply', file, '--store', store]);
  const script = '"$0" gateway --store "$1" --name g --json & echo $!; wait $!; echo "ended $?"';
  await using shell = start('/bin/sh', ['-c', script, program, store]);
  const pid = Number(await shell.next());
  const ready = JSON.parse(await shell.next()) as { event: string; pid: number };
  assert.deepEqual([ready.event, ready.pid], ['ready', pid]);
  assert.equal(await readFile(`/proc/${pid}/comm`, 'utf8'), 'allpath\n');
  const [title] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  assert.equal(title, `allpath gateway --store ${store} --name g --json`);
  process.kill(pid, 'SIGTERM');
  assert.equal(await shell.next(), 'ended 0');
  await shell.allEnded();
});

test('SIGTERM to npm ends the demo and its gateways', { timeout: HANG_MS }, async () => {
  const port = String(await freePorts(2));
  const words = ['start', '--silent', '--', '--size', '64M', '--port', port];
  await using npm = start('npm', words);
  while ((await npm.next()) !== 'ready');
  npm.child.kill('SIGTERM');
  await npm.allEnded();
  assert.doesNotMatch(npm.errors(), /"level":[45]0/, 'an end that was asked for is no trouble');
});

test('a clone in which nothing is installed says so', async () => {
  const clone = join(folder, 'clone');
  const main = join(clone, 'src', 'cli', 'main.ts');
  mkdirSync(dirname(main), { recursive: true });
  writeFileSync(main, '');
  cpSync(program, join(clone, 'bin', 'allpath'));
  const { code, stderr } = await run(join(clone, 'bin', 'allpath'), ['--help']);
  assert.equal(code, 1);
  assert.match(stderr, /nothing is installed in .*; run "npm ci" there/);
});

test('errors to the journal have their priority, and no others', async () => {
  const log = join(folder, 'journal');
  const command = '"$0" get --store "$1/none" 2>>"$2"; "$0" nothing --json 2>>"$2"';
  const connected = 'JOURNAL_STREAM=$(stat -c %d:%i "$2"); export JOURNAL_STREAM';
  const redirected = 'JOURNAL_STREAM=1:2; export JOURNAL_STREAM';
  await writeFile(log, '');
  for (const variable of [connected, redirected]) {
    const script = `${variable}; ${command}`;
    await run('/bin/sh', ['-c', script, program, folder, log]);
  }
  const starts = (await readFile(log, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.slice(0, 11));
  const plain = ['allpath: th', '{"error":{"'];
  assert.deepEqual(
    starts,
    ['<3>allpath:', '<3>{"error":', ...plain].map((text) => text.slice(0, 11)),
  );
});
