// Proves, of the addon's own sources, that notifications which nobody takes are bounded, and that
// the loss of a watch is told all the same.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const NOTIFICATIONS_MAX = 65_536;
const ENOTCONN = 107;

const compiler = ['g++', 'c++', 'clang++'].find(
  (each) => spawnSync(each, ['--version'], { stdio: 'ignore' }).status === 0,
);
const skip = compiler === undefined && 'there is no C++ compiler';

test('a watch tells its loss behind however many notifications', { skip }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'allpath-watch-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, 'main');
  const headers = createRequire(import.meta.url)('node-api-headers').include_dir;
  const sources = join(import.meta.dirname, '../../../native/src');
  execFileSync(compiler!, [
    ...['-std=c++17', '-fno-exceptions', '-fno-rtti', '-DNAPI_VERSION=8'],
    ...[`-isystem${headers}`, `-I${sources}`],
    ...[join(import.meta.dirname, 'watch-messages-main.cc'), '-o', program, '-lpthread'],
  ]);
  const [messages, last] = String(execFileSync(program)).trim().split(' ').map(Number);
  assert.deepEqual([messages, last], [NOTIFICATIONS_MAX + 1, -ENOTCONN]);
});
