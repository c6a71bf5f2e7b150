// Proves that a process which stands stopped for over an hour is killed, and none that runs, that
// was continued in time, or that has not been stopped for so long; and that a real one is seen.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import {
  CHECK_INTERVAL_MS,
  STOPPED_MAX_MS,
  StoppedProcesses,
} from '../../../../lab/demo/stopped-processes.ts';
import { isProcessStopped } from '../../../../src/host/process-identity.ts';
import { tied } from '../../../support/tied.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { waitFor } from '../../../support/wait-for.ts';

function world(count: number) {
  const clock = new VirtualClock();
  const stopped = new Set<number>();
  const killed: number[] = [];
  const processes = Array.from({ length: count }, (_, pid) => ({
    pid,
    kill: () => killed.push(pid) > 0,
  }));
  const watch = new StoppedProcesses(
    clock,
    () => processes.filter(({ pid }) => !killed.includes(pid)),
    (pid) => stopped.has(pid),
  );
  watch.open();
  return { clock, stopped, killed, watch };
}

test('who is stopped for over an hour is killed, once; who runs is not', async () => {
  const { clock, stopped, killed } = world(2);
  await clock.advance(2 * STOPPED_MAX_MS);
  stopped.add(1);
  await clock.advance(STOPPED_MAX_MS);
  assert.deepEqual(killed, [], 'not before the hour is over');
  await clock.advance(3 * CHECK_INTERVAL_MS);
  assert.deepEqual(killed, [1]);
  await clock.advance(2 * STOPPED_MAX_MS);
  assert.deepEqual(killed, [1]);
});

test('who was continued within the hour begins anew', async () => {
  const { clock, stopped, killed } = world(1);
  stopped.add(0);
  await clock.advance(STOPPED_MAX_MS);
  stopped.delete(0);
  await clock.advance(CHECK_INTERVAL_MS);
  stopped.add(0);
  await clock.advance(STOPPED_MAX_MS);
  assert.deepEqual(killed, []);
});

test('after its end nothing is looked at', async () => {
  const { clock, watch } = world(1);
  watch.close();
  assert.equal(clock.pending, 0);
});

test('a real process is seen stopped, and is ended although it is', async () => {
  const child = spawn(...tied(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']));
  const ended = once(child, 'exit');
  try {
    const clock = new VirtualClock();
    new StoppedProcesses(clock, () => [child]).open();
    await clock.advance(2 * STOPPED_MAX_MS);
    assert.equal(child.signalCode, null);
    child.kill('SIGSTOP');

    await waitFor('the kernel shows it stopped', () => isProcessStopped(child.pid!));
    await clock.advance(STOPPED_MAX_MS + 2 * CHECK_INTERVAL_MS);
    assert.deepEqual(await ended, [null, 'SIGKILL']);
  } finally {
    child.kill('SIGKILL');
  }
});
