// A process ends as ordinarily with a write thread as without: by itself when nothing is under way,
// and with its own exit code when something is. Buffers outlive the writes that read them. What a
// thread has in its ring when the process is stopped is not written after the lease has ended.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ECANCELED } from '../../../../src/host/kernel.ts';
import { isProcessStopped } from '../../../../src/host/process-identity.ts';
import { systemClock } from '../../../../src/host/system-clock.ts';
import { RING_ENTRIES } from '../../../../src/volume/local/write-ring.ts';
import { type Finished, run } from '../../../support/run.ts';
import { waitFor } from '../../../support/wait-for.ts';

/** As the program has it. */
const LEASE_MS = 2_000;
const program = fileURLToPath(new URL('../../../support/write-thread-process.ts', import.meta.url));

function temporary(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'allpath-write-thread-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function end(how: string, folder: string, ...flags: string[]): Promise<Finished> {
  return run(process.execPath, [...flags, program, how, folder], 30_000);
}

test('a thread with nothing to do keeps no process', async (context) => {
  const { code, stderr } = await end('done', temporary(context));
  assert.equal(code, 0, stderr);
});

test('an exit with writes under way is clean, over and over', async (context) => {
  const folder = temporary(context);
  for (let i = 0; i < 5; i++) {
    const { code, stderr } = await end('exit', folder);
    assert.equal(stderr, '');
    assert.equal(code, 7);
  }
});

test('an error nobody caught is told of, with writes under way', async (context) => {
  const { code, stderr } = await end('throw', temporary(context));
  assert.match(stderr, /thrown on purpose/);
  assert.doesNotMatch(stderr, /FATAL/);
  assert.equal(code, 1);
});

test('an exit waits a bounded time for a write that hangs', async (context) => {
  const folder = temporary(context);
  const { code, signal, stderr } = await end('hung', folder);
  assert.equal(stderr, '');
  assert.equal(signal, null);
  assert.equal(code, 7);
});

test('a thread writes nothing of a full ring after a stop that its lease ends in', async (context) => {
  const folder = temporary(context);
  for (const [isOver, result] of [
    [true, -ECANCELED],
    [false, 1],
  ] as const) {
    const child = spawn(process.execPath, [program, 'stopped', folder]);
    context.after(() => child.kill('SIGKILL'));
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
    });
    const ended = once(child, 'close');
    await waitFor('it is stopped', () => output !== '' && isProcessStopped(child.pid!));
    const stoppedMs = systemClock.now();
    const isLeaseOver = () => systemClock.now() - stoppedMs > LEASE_MS;
    if (isOver) await waitFor('the end of the lease', isLeaseOver);
    child.kill('SIGCONT');
    const [code] = await ended;
    // A machine that is too slow to continue it in time has let the lease end.
    if (!isOver && isLeaseOver()) return;
    assert.deepEqual([code, output], [0, `full\n1 ${result}\n`]);
    const written = readFileSync(join(folder, 'file-stopped')).subarray(1);
    assert.equal(written.length, isOver ? 0 : RING_ENTRIES - 1);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
  }
});

test('what is written is kept from the collector', async (context) => {
  const folder = temporary(context);
  const { code, stderr } = await end('collect', folder, '--expose-gc');
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(join(folder, 'file-collect')).length, 20_000);
});
