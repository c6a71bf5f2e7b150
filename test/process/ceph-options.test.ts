// Proves, on a machine with or without Ceph, what commands say of its options: which go together,
// what `ceph caps` prints, and that a silent cluster holds up no demo that is told to end.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { storeLocation } from '../../src/cli/store-options.ts';
import { run } from '../support/run.ts';
import { tied } from '../support/tied.ts';

const program = fileURLToPath(new URL('../../bin/allpath', import.meta.url));

test('ceph caps prints one command, or with --json the user and the capabilities', async () => {
  const words = ['ceph', 'caps', '--pool', 'p', '--namespace', 'n', '--user', 'u'];
  const { code, stdout } = await run(program, words);
  assert.equal(code, 0);
  const osd = 'profile rbd pool=p namespace=n';
  const file = '/etc/ceph/ceph.client.u.keyring';
  const command = `ceph auth get-or-create client.u mon 'profile rbd' osd '${osd}' -o ${file}`;
  assert.equal(stdout, `${command}\n`);
  const json = await run(program, [...words, '--json']);
  const caps = { mon: 'profile rbd', osd };
  assert.deepEqual(JSON.parse(json.stdout), { entity: 'client.u', caps, command });
});

test('ceph caps makes the user that every command is unless --user is given', async () => {
  const location = storeLocation({ ceph: '/etc/ceph/ceph.conf', pool: 'p' });
  assert.ok(location !== undefined && 'ceph' in location);
  const { stdout } = await run(program, ['ceph', 'caps', '--pool', 'p', '--json']);
  assert.equal(JSON.parse(stdout).entity, `client.${location.ceph.user}`);
});

test('options that do not go together are usage errors', async () => {
  const wrong = [
    ['ceph', 'caps'],
    ['ceph', 'caps', '--pool', 'p', '--data-pools', 'a,'],
    ['demo', '--throwaway-ceph', '--store', 'x'],
    ['demo', '--throwaway-ceph', '--ceph', '/c', '--pool', 'p'],
    ['demo', '--throwaway-ceph', '--osds', '0'],
    ['demo', '--ceph', '/c'],
  ];
  const outcomes = await Promise.all(wrong.map((words) => run(program, words)));
  for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
    assert.deepEqual([code, stdout], [2, ''], `${wrong[i]}: ${stderr}`);
  }
});

test('a demo whose cluster is out of reach ends at the second Ctrl-C', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'allpath-test-'));
  try {
    // A monitor that takes connections and never says a word.
    const silent = createServer(() => {});
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const conf = join(folder, 'ceph.conf');
    const lines = [`mon host = [v2:127.0.0.1:${port}]`, 'auth client required = none'];
    await writeFile(conf, `[global]\n${lines.join('\n')}\n`);
    const connected = once(silent, 'connection');
    const words = ['demo', '--ceph', conf, '--pool', 'p'];
    const demo = spawn(...tied(program, words), { stdio: 'ignore' });
    const ended = once(demo, 'exit');
    try {
      // It connects, or knows no Ceph and has ended.
      const isConnected = await Promise.race([connected.then(() => true), ended.then(() => false)]);
      demo.kill('SIGINT');
      demo.kill('SIGTERM');
      assert.deepEqual(await ended, isConnected ? [null, 'SIGKILL'] : [1, null]);
    } finally {
      demo.kill('SIGKILL');
      silent.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
