// The embedded store of a host: what a process has handed to the disk lands while it runs, not
// while it is stopped, and never once it was killed; a process that is ended is seen to have ended.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EmbeddedHost } from '../../sim/embedded/embedded-host.ts';
import { settle } from '../../sim/time/settle.ts';
import { SimProcess } from '../../sim/time/sim-process.ts';
import { Timeline } from '../../sim/time/timeline.ts';
import { Trace } from '../../sim/trace.ts';
import { silentLog } from '../../src/log/log.ts';
import type { Volume } from '../../src/volume/volume.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const BLOCK = Buffer.alloc(512, 1);

async function openTwo() {
  const timeline = new Timeline();
  const random = new SeededRandom(3);
  const trace = new Trace(() => timeline.nowMs);
  const fail = (error: unknown): never => {
    throw error;
  };
  const host = new EmbeddedHost({ timeline, random, trace, fail, onMembers: () => {} });
  const open = async (name: string) => {
    const process = new SimProcess(name, timeline, random);
    const { clock } = process;
    const environment = { clock, random, log: silentLog };
    const store = await host.open(process, { memberName: name, ifAbsent: 'make', ...environment });
    return { process, store };
  };
  const [a, b] = [await open('a'), await open('b')];
  await a.store.volumes.create('disk', 4096);
  const volume = await a.store.openVolume('disk', { writethrough: true });
  const other = await b.store.openVolume('disk', { writethrough: true });
  return { timeline, a, b, volume, other };
}

/** Whether the block is there, as another process reads it. */
async function hasLanded(timeline: Timeline, other: Volume): Promise<boolean> {
  const found = Buffer.alloc(512);
  const reading = other.read(0, [found]);
  await timeline.run(timeline.nowMs + 100);
  assert.equal((await reading).status, 'done');
  return found.equals(BLOCK);
}

test('a write lands when its process runs, and its result passes the gate', async () => {
  const { timeline, a, volume, other } = await openTwo();
  a.process.pause();
  const writing = Promise.resolve(volume.write(0, [BLOCK]));
  await timeline.run(1_000);
  assert.equal(await hasLanded(timeline, other), false);
  a.process.resume();
  await settle();
  await timeline.run(timeline.nowMs + 100);
  assert.equal((await writing).status, 'done');
  assert.equal(await hasLanded(timeline, other), true);
});

test('a write of a process that was killed never lands', async () => {
  const { timeline, a, volume, other } = await openTwo();
  void volume.write(0, [BLOCK]);
  a.process.kill();
  assert.equal(await hasLanded(timeline, other), false);
});

test('a write of a process whose lease is over is refused', async () => {
  const { timeline, a, volume, other } = await openTwo();
  a.store.fencing!.driver.renewLease!(500);
  a.process.pause();
  const writing = Promise.resolve(volume.write(0, [BLOCK]));
  await timeline.run(1_000);
  a.process.resume();
  await settle();
  await timeline.run(1_100);
  assert.equal((await writing).status, 'fenced');
  assert.equal(await hasLanded(timeline, other), false);
});

test('the processes are seen, stopped or not, and one that is ended is gone', async () => {
  const { timeline, a, b } = await openTwo();
  const processes = b.store.fencing!.driver.processes!;
  a.process.pause();
  const states = (await processes.states()).map(({ name, isStopped }) => [name, isStopped]);
  assert.deepEqual(states, [
    ['a', true],
    ['b', false],
  ]);
  const ending = processes.end(a.store.records.self);
  await timeline.run(timeline.nowMs + 100);
  assert.equal(await ending, true);
  assert.ok(a.process.isDead);
  assert.deepEqual(
    (await processes.living()).map(({ name }) => name),
    ['b'],
  );
  await assert.rejects(processes.end(b.store.records.self), { code: 'recordsOwnProcess' });
});
