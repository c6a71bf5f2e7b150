// The gate of a process: a paused one gets neither timers nor inputs until it goes on, and each
// source keeps its order; a killed one gets nothing; the end of a turn comes after its inputs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputSource, SimProcess } from '../../sim/time/sim-process.ts';
import { Timeline } from '../../sim/time/timeline.ts';
import { SeededRandom } from '../support/seeded-random.ts';

function world(seed = 1) {
  const timeline = new Timeline();
  const process = new SimProcess('p', timeline, new SeededRandom(seed));
  return { timeline, process, log: [] as string[] };
}

test('events happen in order of time, those of one moment in order of creation', async () => {
  const { timeline, log } = world();
  timeline.after(5, () => void log.push('c'));
  timeline.after(1, () => void log.push('a'));
  timeline.after(1, () => void log.push('b'));
  timeline.after(2, () => void log.push('never')).cancel();
  await timeline.run(10);
  assert.deepEqual(log, ['a', 'b', 'c']);
  assert.equal(timeline.nowMs, 10);
});

test('a paused process gets its timers and its inputs when it goes on', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { timeline, process, log } = world(seed);
    const [bytes, answers] = [new InputSource(), new InputSource()];
    process.clock.after(10, () => log.push('timer'));
    process.pause();
    for (const name of ['b1', 'b2']) process.deliver(bytes, () => log.push(name));
    for (const name of ['a1', 'a2']) process.deliver(answers, () => log.push(name));
    await timeline.run(1_000);
    assert.equal(log.length, 0);
    process.resume();
    await timeline.run(2_000);
    assert.deepEqual([...log].sort(), ['a1', 'a2', 'b1', 'b2', 'timer']);
    assert.ok(log.indexOf('a1') < log.indexOf('a2') && log.indexOf('b1') < log.indexOf('b2'));
  }
});

test('a killed process gets nothing more', async () => {
  const { timeline, process, log } = world();
  process.clock.after(10, () => log.push('timer'));
  process.clock.endOfTurn(() => log.push('end'));
  process.deliver(new InputSource(), () => log.push('input'));
  process.kill();
  await timeline.run(1_000);
  assert.deepEqual(log, []);
});

test('the end of a turn comes after its inputs, and what it asks for in another turn', async () => {
  const { timeline, process, log } = world();
  process.deliver(new InputSource(), () => {
    process.clock.endOfTurn(() => {
      log.push('end');
      process.clock.endOfTurn(() => log.push('next end'));
    });
    void Promise.resolve().then(() => log.push('promise'));
    log.push('input');
  });
  await timeline.run(1_000);
  assert.deepEqual(log, ['input', 'promise', 'end', 'next end']);
});
