// Proves that the ring that needs Ceph is left out by name, which is said, and by nothing else: a
// word that is not understood stops the tests.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../scripts/test.ts', import.meta.url));

function rings(value: string) {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  return spawnSync(process.execPath, [script, 'cluster'], {
    encoding: 'utf8',
    env: { ...environment, ALLPATH_TEST_CEPH: value },
  });
}

test('ALLPATH_TEST_CEPH=skip leaves the ring out, and says so', () => {
  const { status, stdout } = rings('skip');
  assert.equal(status, 0);
  const said = stdout.split('\n').filter((line) => line.startsWith('cluster'));
  assert.deepEqual(said, ['cluster      left out (ALLPATH_TEST_CEPH=skip)']);
});

test('another word is no word', () => {
  const { status, stderr } = rings('no');
  assert.notEqual(status, 0);
  assert.match(stderr, /ALLPATH_TEST_CEPH is "no"/);
});
