// Proves that what a test starts ends with the test's process, also when that is killed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import {
  ownProcessIdentity,
  processIdentity,
  processState,
} from '../../src/host/process-identity.ts';

const HANG_MS = 120_000;
const tiedUrl = new URL('../support/tied.ts', import.meta.url);

test('a child of a killed test process is killed', { timeout: HANG_MS }, async () => {
  const script = `
    import { spawn } from 'node:child_process';
    import { tied } from '${tiedUrl}';
    const child = spawn(...tied('/bin/sh', ['-c', 'echo up; exec sleep 60']));
    child.stdout.once('data', () => console.log(child.pid));
  `;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(parent.stdout, 'data');
  const child = processIdentity(Number(String(line)));
  assert.ok(child !== undefined);
  parent.kill('SIGKILL');
  const here = ownProcessIdentity();
  while (processState(child, here) !== 'ended') await setImmediate();
});
