// A process is told from another that has its process id, and running, stopped and ended apart.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import {
  ownProcessIdentity,
  type ProcessState,
  processIdentity,
  processState,
} from '../../../src/host/process-identity.ts';

const HANG_MS = 120_000;
const MODULE = new URL('../../../src/host/process-identity.ts', import.meta.url).href;
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

test('a process is not taken for ended because no descriptor is free to look at it', () => {
  const script = `
    import { openSync, closeSync } from 'node:fs';
    import { processState } from ${JSON.stringify(MODULE)};
    const here = JSON.parse(process.argv[1]);
    const held = [];
    try {
      for (;;) held.push(openSync('/dev/null'));
    } catch (error) {
      if (error.code !== 'EMFILE') throw error;
    }
    const states = [processState(here, here)];
    for (const descriptor of held) closeSync(descriptor);
    states.push(processState(here, here));
    process.stdout.write(states.join(' '));
  `;
  const limited = 'ulimit -n 64 && exec "$0" --input-type=module -e "$1" "$2"';
  const given = ['-c', limited, process.execPath, script, JSON.stringify(here)];
  const said = execFileSync('/bin/sh', given, { encoding: 'utf8', timeout: HANG_MS });
  assert.equal(said, 'running running');
});
