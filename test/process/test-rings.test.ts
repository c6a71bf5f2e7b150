// Proves that the ring that needs Ceph is left out by name, which is said, and by nothing else: a
// word that is not understood stops the tests; that a ring has only the packages installed that it
// needs; and what is reported of a ring.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ringReport, { readRingReport } from '../../scripts/ring-report.ts';
import { quickRings, rings } from '../../scripts/rings.ts';

const script = fileURLToPath(new URL('../../scripts/test.ts', import.meta.url));

function runCluster(value: string) {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  return spawnSync(process.execPath, [script, 'cluster'], {
    encoding: 'utf8',
    env: { ...environment, ALLPATH_TEST_CEPH: value },
  });
}

test('ALLPATH_TEST_CEPH=skip leaves the ring out, and says so', () => {
  const { status, stdout } = runCluster('skip');
  assert.equal(status, 0);
  const said = stdout.split('\n').filter((line) => line.startsWith('cluster'));
  assert.deepEqual(said, ['cluster      left out (ALLPATH_TEST_CEPH=skip)']);
});

test('other values are refused', () => {
  const { status, stderr } = runCluster('no');
  assert.notEqual(status, 0);
  assert.match(stderr, /ALLPATH_TEST_CEPH is "no"/);
});

test('no ring begins after an interrupt', async () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, [script, 'check', 'tidy'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let said = '';
  for await (const chunk of child.stdout) {
    if (!said.includes('=== check') && String(chunk).includes('=== check')) child.kill('SIGINT');
    said += String(chunk);
  }
  assert.deepEqual(await ended, [1, null]);
  assert.match(said, /interrupted by SIGINT/);
  assert.doesNotMatch(said, /=== tidy/);
});

test('what is checked without processes needs no Ceph, no compiler and no other target', () => {
  const packagesOf = (names: readonly string[]) =>
    rings.filter(({ name }) => names.includes(name)).flatMap(({ packages = [] }) => packages);
  assert.deepEqual(packagesOf(quickRings), ['sg3-utils']);
  assert.deepEqual(packagesOf(['check', 'tidy']), []);
  assert.ok(packagesOf(['cluster']).includes('ceph-osd'));
});

test('set-up knows every package that a ring names, and refuses another', () => {
  const setUp = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url));
  const known = [...readFileSync(setUp, 'utf8').matchAll(/\{ name: '([^']+)', shownBy/g)];
  const names = known.map(([, name]) => name);
  for (const { name, packages = [] } of rings) {
    for (const each of packages) assert.ok(names.includes(each), `${name} needs ${each}`);
  }
  const { status, stderr } = spawnSync(process.execPath, [setUp, '--test', 'no-such-package'], {
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  assert.match(stderr, /no-such-package/);
});

test('files that run alone exist', () => {
  for (const path of rings.flatMap(({ alone = [] }) => alone)) assert.ok(existsSync(path), path);
});

test('a ring reports its failed tests once, and its slowest file first', async () => {
  const file = join(process.cwd(), 'test/a.test.ts');
  const failure = (failureType: string, message: string) => ({
    type: 'test:fail',
    data: { name: 'a test', file, line: 3, details: { error: { failureType, message } } },
  });
  const cost = (path: string | undefined, ms: number) => ({
    type: 'test:summary',
    data: { file: path, duration_ms: ms },
  });
  async function* events() {
    yield failure('testCodeFailure', '\nfirst line\nsecond line');
    yield failure('subtestsFailed', '1 subtest failed');
    yield cost(file, 1_000);
    yield cost(`${file}x`, 2_500);
    yield cost(undefined, 3_500);
  }
  const folder = mkdtempSync(join(tmpdir(), 'allpath-test-'));
  try {
    let text = '';
    for await (const line of ringReport(events())) text += line;
    writeFileSync(join(folder, '0'), text);
    const report = readRingReport(folder);
    const failed = { place: 'test/a.test.ts:3', name: 'a test', message: 'first line' };
    assert.deepEqual(report.failedTests, [failed]);
    assert.deepEqual(report.fileCosts, [
      { path: 'test/a.test.tsx', seconds: 2.5 },
      { path: 'test/a.test.ts', seconds: 1 },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
