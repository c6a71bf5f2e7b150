// A process is told from another that has its process id, and running, stopped and ended apart.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import {
  ownProcessIdentity,
  type ProcessState,
  processIdentity,
  processState,
} from '../../../src/host/process-identity.ts';

const HANG_MS = 20_000;
const here = ownProcessIdentity();

test('this process runs; the same process id started at another time has ended', () => {
  assert.equal(processState(here, here), 'running');
  assert.equal(processState({ ...here, startTicks: here.startTicks - 1 }, here), 'ended');
  assert.equal(processState({ ...here, bootId: 'another boot' }, here), 'ended');
});

test('a child is seen running, stopped, and ended', { timeout: HANG_MS }, async () => {
  // Its name holds what could be taken for the end of the name in /proc/PID/stat.
  const script = "process.title = 'a) Z 1 2 (b'; console.log('up'); setInterval(() => {}, 1000)";
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const identity = processIdentity(child.pid!)!;
  const becomes = async (state: ProcessState) => {
    while (processState(identity, here) !== state) await setImmediate();
  };
  await becomes('running');
  child.kill('SIGSTOP');
  await becomes('stopped');
  child.kill('SIGKILL');
  await becomes('ended');
  assert.equal(processState(identity, here), 'ended');
});

test('where there is no process there is no identity', () => {
  assert.equal(processIdentity(2 ** 22 + 1), undefined);
});
