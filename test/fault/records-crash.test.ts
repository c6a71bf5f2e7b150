// What becomes of the local records when the processes that use them are killed or stopped.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { silentLog } from '../../src/log/log.ts';
import type { LocalRecords } from '../../src/records/local/local-records.ts';
import { openLocalRecords } from '../../src/records/local/open-local-records.ts';
import { RecordsProcess } from '../support/records-process.ts';

const KILLS = 20;
const STOPS = 8;
const HANG_MS = 120_000;

describe('local records under kill -9 and SIGSTOP', { timeout: 2 * HANG_MS }, () => {
  let directory: string;
  let records: LocalRecords;
  const children: RecordsProcess[] = [];

  function start(part: string, name: string, argument = ''): RecordsProcess {
    const child = new RecordsProcess(part, directory, name, argument);
    children.push(child);
    return child;
  }

  function open(memberName: string): Promise<LocalRecords> {
    const environment = { clock: systemClock, random: systemRandom, log: silentLog };
    return openLocalRecords({ directory, memberName, ...environment });
  }

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'allpath-fault-'));
    records = await open('observer');
  });
  after(async () => {
    await Promise.all(children.map((child) => child.end()));
    await records.close();
    await rm(directory, { recursive: true });
  });

  test('a process killed at any moment loses nothing acknowledged, blocks nobody', async (t) => {
    let acknowledged = 0;
    let worstMs = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const child = start('write', 'writer', 'crash');
      await child.line('ready');
      // However slow the machine is, every other one has had a change acknowledged.
      if (kill % 2 === 1) await child.line('done');
      await delay(systemRandom.below(40));
      await child.end();
      const begunMs = performance.now();
      const mark = await records.get('mark');
      await records.compareAndSet('mark', mark?.version ?? 0, Buffer.from(`${kill}`));
      worstMs = Math.max(worstMs, performance.now() - begunMs);
      const listed = new Map((await records.list('crash/')).map((entry) => [entry.key, entry]));
      for (const line of child.lines.filter((said) => said.startsWith('done '))) {
        const [, key, version, round] = line.split(' ');
        const entry = listed.get(key!);
        assert.ok(entry !== undefined && entry.version >= Number(version), line);
        if (entry.version !== Number(version)) continue;
        assert.ok(Buffer.from(entry.value).toString().startsWith(`${round} `), line);
        acknowledged += 1;
      }
    }
    assert.ok(acknowledged > 0);
    t.diagnostic(`${KILLS} kills; the next change took at most ${worstMs.toFixed(1)} ms`);
    const [observer, ...others] = await records.processes.living();
    assert.equal(observer?.name, 'observer');
    assert.deepEqual(others, []);
    for (const file of await readdir(join(directory, 'run'))) {
      assert.ok(file.startsWith(observer.incarnation), `${file}: the dead left nothing`);
    }
  });

  test('a process stopped inside a transaction is ended, and the others go on', async (t) => {
    const holder = start('hold', 'holder', String(HANG_MS));
    await holder.line('holding');
    await holder.stop();
    const begunMs = performance.now();
    const set = await records.compareAndSet('after-stop', 0, Buffer.from('x'));
    const heldUpMs = performance.now() - begunMs;
    assert.equal(set.status, 'done');
    assert.equal(await records.get('held'), undefined, 'its transaction was rolled back');
    await holder.end();
    assert.equal(holder.child.signalCode, 'SIGKILL');
    t.diagnostic(`held up for ${heldUpMs.toFixed(0)} ms`);
  });

  test('a writer that is stopped at random moments holds up no other', async (t) => {
    let worstMs = 0;
    let ended = 0;
    let writer = start('write', 'stopped-writer', 'stopped');
    await writer.line('done');
    for (let round = 0; round < STOPS; round++) {
      await delay(systemRandom.below(20));
      await writer.stop();
      const begunMs = performance.now();
      await records.compareAndSet(`after-stop/${round}`, 0, Buffer.from('x'));
      worstMs = Math.max(worstMs, performance.now() - begunMs);
      writer.resume();
      if (!(await hasEnded(writer))) continue;
      ended += 1;
      writer = start('write', 'stopped-writer', 'stopped');
      await writer.line('done');
    }
    await writer.end();
    t.diagnostic(`held up for at most ${worstMs.toFixed(0)} ms; ${ended} of ${STOPS} were ended`);
  });

  test('a holder that runs is waited for, not ended', async (t) => {
    const holder = start('hold', 'runner', '2500');
    await holder.line('holding');
    const begunMs = performance.now();
    const set = await records.compareAndSet('after-run', 0, Buffer.from('x'));
    t.diagnostic(`waited ${(performance.now() - begunMs).toFixed(0)} ms for a running holder`);
    assert.equal(set.status, 'done');
    await holder.line('closed');
    assert.ok(await records.get('held'), 'its transaction was committed');
  });

  test('a process stopped elsewhere than in a lock is left alone', async () => {
    const watcher = start('watch', 'idler', 'idle');
    await watcher.line('ready');
    await watcher.stop();
    const holder = start('hold', 'runner', '2000');
    await holder.line('holding');
    await records.compareAndSet('after-idle', 0, Buffer.from('x'));
    watcher.resume();
    const { answers } = await records.notify('idle', Buffer.from('!'), HANG_MS);
    assert.equal(answers.length, 1);
    await watcher.end();
    await holder.line('closed');
  });

  test('the end of a member is the end of exactly the process of that incarnation', async () => {
    const [victim, bystander] = [start('watch', 'v', 'c'), start('watch', 'w', 'c')];
    const incarnation = (await victim.line('ready')).split(' ')[1]!;
    await bystander.line('ready');
    assert.equal(await records.processes.end({ name: 'v', incarnation }), true);
    await victim.end();
    assert.equal(victim.child.signalCode, 'SIGKILL');
    const { answers } = await records.notify('c', Buffer.from('?'), HANG_MS);
    assert.deepEqual(
      answers.map(({ from }) => from.name),
      ['w'],
    );
    await bystander.end();
  });

  test('a process id that another process has got is not killed', async () => {
    const bystander = start('watch', 'reused', 'c');
    const incarnation = (await bystander.line('ready')).split(' ')[1]!;
    const stale = 'f'.repeat(32);
    const run = join(directory, 'run');
    const entry = JSON.parse(await readFile(join(run, `${incarnation}.json`), 'utf8'));
    entry.content.name = 'long-gone';
    entry.content.incarnation = stale;
    entry.content.process.startTicks -= 1;
    await writeFile(join(run, `${stale}.json`), JSON.stringify(entry));
    await writeFile(join(run, `${stale}.sock`), '');
    assert.equal(await records.processes.end({ name: 'long-gone', incarnation: stale }), true);
    const { answers } = await records.notify('c', Buffer.from('?'), HANG_MS);
    assert.deepEqual(
      answers.map(({ from }) => from.name),
      ['reused'],
      'it lives',
    );
    assert.ok(!(await readdir(run)).some((file) => file.startsWith(stale)), 'cleared away');
    await bystander.end();
  });

  test('a member that dies while it is asked is not waited for', async () => {
    const watcher = start('watch', 'dying', 'die');
    await watcher.line('ready');
    await watcher.stop();
    const begunMs = performance.now();
    const called = records.notify('die', Buffer.from('?'), HANG_MS);
    await delay(50);
    await watcher.end();
    const { answers, missing } = await called;
    assert.deepEqual(answers, []);
    assert.deepEqual(
      missing.map(({ name }) => name),
      ['dying'],
    );
    assert.ok(performance.now() - begunMs < HANG_MS / 2);
  });

  test('a process that has closed the records can end', async () => {
    const visitor = start('visit', 'visitor');
    await visitor.line('closed');
    // Its output closes when it ends by itself; nothing here ends it.
    await new Promise((resolve) => visitor.child.once('exit', resolve));
    assert.equal(visitor.child.exitCode, 0);
  });
});

/** Whether the process was killed: else it says more. */
async function hasEnded(writer: RecordsProcess): Promise<boolean> {
  try {
    await writer.line('done', writer.lines.length);
    return false;
  } catch {
    return true;
  }
}
