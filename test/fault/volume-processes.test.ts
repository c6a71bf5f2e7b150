// Several processes on one local volume: no COMPARE AND WRITE is lost or doubled, also when
// processes are killed; a stopped lock holder is ended, a merely slow one is not; a stream of
// writes does not keep a COMPARE AND WRITE out.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { openLocalVolumeStore } from '../../src/volume/local/local-store.ts';
import type { Volume } from '../../src/volume/volume.ts';
import { tied } from '../support/tied.ts';
import { count, increment, STAMPED_BLOCKS } from './volume-process.ts';

const script = fileURLToPath(new URL('volume-process.ts', import.meta.url));

interface Bench {
  readonly volume: Volume;
  /** Starts a process on the same volume; calls `onLine` with each line that it prints. */
  start(task: string, rounds: number, onLine?: (line: string) => void): ChildProcess;
}

async function bench(context: TestContext): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'allpath-volume-'));
  const options = { directory, clock: systemClock, random: systemRandom };
  const store = await openLocalVolumeStore(options);
  const children: ChildProcess[] = [];
  context.after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map(ended));
    await store.close();
    await rm(directory, { recursive: true });
  });
  await store.create('disk', 1024 * 1024);
  const start: Bench['start'] = (task, rounds, onLine = () => {}) => {
    const args = [script, directory, task, String(rounds)];
    const child = spawn(...tied(process.execPath, args), { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    createInterface({ input: child.stdout }).on('line', onLine);
    return child;
  };
  return { volume: await store.open('disk'), start };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

function started(start: Bench['start'], task: string, rounds: number): Promise<ChildProcess> {
  return new Promise((resolve) => {
    const child = start(task, rounds, () => resolve(child));
  });
}

async function total(volume: Volume): Promise<number> {
  const block = new Uint8Array(512);
  assert.equal((await volume.read(0, [block])).status, 'done');
  return count(block);
}

const timeout = 60_000;

test('counters in four processes lose and double nothing', { timeout }, async (context) => {
  const { volume, start } = await bench(context);
  const children = [1, 2, 3].map(() => start('count', 100));
  for (let i = 0; i < 100; i++) await increment(volume);
  await Promise.all(children.map(ended));
  assert.deepEqual(
    children.map(({ exitCode }) => exitCode),
    [0, 0, 0],
  );
  assert.equal(await total(volume), 400);
});

test('a process killed in the middle leaves no lock and no half-written block', {
  timeout,
}, async (context) => {
  const { volume, start } = await bench(context);
  let acknowledged = 0;
  const kills = 4;
  for (let round = 0; round < kills; round++) {
    const enough = Promise.withResolvers<void>();
    let lines = 0;
    const child = start('count', 1e9, (line) => {
      if (line === 'counted') acknowledged++;
      if (++lines === 20 + round) enough.resolve();
    });
    await enough.promise;
    child.kill('SIGKILL');
    await once(child, 'close');
    await increment(volume);
    acknowledged++;
  }
  const found = await total(volume);
  assert.ok(found >= acknowledged, `${found} counted, ${acknowledged} acknowledged`);
  // A process prints after each update: it dies with at most one that it did not yet print.
  assert.ok(found <= acknowledged + kills, `${found} counted, ${acknowledged} acknowledged`);
});

test('a stopped holder is ended and its range can be locked', { timeout }, async (context) => {
  const { volume, start } = await bench(context);
  const child = await started(start, 'hold', 1);
  child.kill('SIGSTOP');
  const before = performance.now();
  const results = await Promise.all([
    volume.write(0, [new Uint8Array(512)]),
    volume.write(8192, [new Uint8Array(512)]),
  ]);
  const waitedMs = performance.now() - before;
  assert.deepEqual(
    results.map(({ status }) => status),
    ['done', 'done'],
  );
  context.diagnostic(`waited ${waitedMs.toFixed(0)} ms for a stopped lock holder`);
  await ended(child);
  assert.equal(child.signalCode, 'SIGKILL');
});

test('a holder that runs is left alone, and others are told busy', { timeout }, async (context) => {
  const { volume, start } = await bench(context);
  const child = await started(start, 'hold', 1);
  assert.equal((await volume.write(0, [new Uint8Array(512)])).status, 'busy');
  assert.equal(child.exitCode ?? child.signalCode, null);
});

for (const length of [4096, STAMPED_BLOCKS * 4096]) {
  test(`no block is read half old, half new, ${length} bytes at a time`, {
    timeout,
  }, async (context) => {
    const { volume, start } = await bench(context);
    await Promise.all([1, 2].map(() => started(start, 'stamp', 1e9)));
    const into = Buffer.alloc(length);
    const torn: number[] = [];
    let changes = 0;
    const endMs = performance.now() + 3_000;
    let reads = 0;
    let last = -1;
    for (; performance.now() < endMs; reads++) {
      // Turns of the event loop go by, as in a gateway.
      if (reads % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
      assert.equal((await volume.read(0, [into])).status, 'done');
      for (let at = 0; at < length; at += 4096) {
        const block = into.subarray(at, at + 4096);
        if (!block.equals(Buffer.alloc(4096, block[0]))) torn.push(reads);
      }
      if (into[0] !== last) changes++;
      last = into[0]!;
    }
    context.diagnostic(`${reads} reads, ${changes} changes, ${torn.length} torn`);
    assert.ok(changes > 10, 'the blocks were written meanwhile');
    assert.deepEqual(torn, []);
  });
}

test('a stream of writes does not keep a CAW out', { timeout }, async (context) => {
  const { volume, start } = await bench(context);
  await Promise.all([1, 2].map(() => started(start, 'write', 1e9)));
  const before = performance.now();
  for (let i = 0; i < 20; i++) {
    const block = new Uint8Array(512);
    const { status } = await volume.compareAndWrite(0, [block], [block]);
    assert.equal(status, 'done');
  }
  const eachMs = (performance.now() - before) / 20;
  context.diagnostic(`${eachMs.toFixed(1)} ms a CAW beside two streams of writes`);
});
