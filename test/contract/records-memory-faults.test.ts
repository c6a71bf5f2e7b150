// The memory world's faults: loss leaves outcomes unknown, and a fenced member's late request dies.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/base/clock.ts';
import type { Random } from '../../src/base/random.ts';
import { MemoryRecordsWorld } from '../doubles/memory-records-world.ts';

/** A clock that moves when it is told to. */
class ManualClock implements Clock {
  #nowMs = 0;
  #due: { readonly atMs: number; action: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void) {
    const entry = { atMs: this.#nowMs + delayMs, action };
    this.#due.push(entry);
    return {
      cancel: () => {
        this.#due = this.#due.filter((other) => other !== entry);
      },
    };
  }

  endOfTurn(action: () => void): void {
    queueMicrotask(action);
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.#due.sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#due.shift();
      this.#nowMs = next.atMs;
      next.action();
    }
    this.#nowMs = endMs;
  }
}

function seeded(seed: number): Random {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state >> 8;
  };
  return {
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
    below: (bound) => next() % bound,
  };
}

const some = Buffer.from('some');

test('a request lost on its way is told as an unknown outcome: done or not done', async () => {
  const clock = new ManualClock();
  const world = new MemoryRecordsWorld({ clock, random: seeded(7), lossPerMille: 500 });
  const records = await world.open('a');
  let lostDone = 0;
  let lostUndone = 0;
  for (let round = 0; round < 200; round++) {
    const key = `k/${round}`;
    const outcome = await records.compareAndSet(key, 0, some).catch((error) => error.code);
    const landed = world.store.get(key) !== undefined;
    if (outcome === 'recordsUnavailable') landed ? lostDone++ : lostUndone++;
    else assert.ok(landed);
  }
  assert.ok(lostDone > 0 && lostUndone > 0, `${lostDone} ${lostUndone}`);
});

test('what a fenced member had sent changes nothing when it lands later', async () => {
  const clock = new ManualClock();
  // Every way takes the full time.
  const random: Random = { bytes: (n) => new Uint8Array(n), below: (bound) => bound - 1 };
  const world = new MemoryRecordsWorld({ clock, random, delayMaxMs: 100 });
  const b = await world.open('b');
  const late = assert.rejects(b.compareAndSet('k', 0, some), { code: 'recordsFenced' });
  world.fence(b.self);
  await clock.advance(1000);
  await late;
  assert.equal(world.store.get('k'), undefined);
  await assert.rejects(b.get('k'), { code: 'recordsFenced' });
  const again = await world.open('b');
  assert.notEqual(again.self.incarnation, b.self.incarnation);
});

test('a stopped member asks and answers nothing until it goes on', async () => {
  const clock = new ManualClock();
  const world = new MemoryRecordsWorld({ clock, random: seeded(1) });
  const [a, b] = [await world.open('a'), await world.open('b')];
  await b.watch('c', { onNotify: (message) => message, onLost() {} });
  world.stop(b.self);
  const set = b.compareAndSet('k', 0, some);
  const notified = a.notify('c', some, 500);
  await clock.advance(499);
  assert.equal(world.store.get('k'), undefined);
  await clock.advance(1);
  assert.deepEqual(await notified, { answers: [], missing: [b.self] });
  world.resume(b.self);
  assert.equal((await set).status, 'done');
  const { answers } = await a.notify('c', some, 500);
  assert.deepEqual(answers[0]?.payload, new Uint8Array(some));
});

test('one seed gives one run', async () => {
  async function run(seed: number): Promise<string> {
    const clock = new ManualClock();
    const random = seeded(seed);
    const world = new MemoryRecordsWorld({ clock, random, delayMaxMs: 50, lossPerMille: 200 });
    const members = [await world.open('a'), await world.open('b')];
    const trace: string[] = [];
    const all = members.map(async (records) => {
      for (let round = 0; round < 20; round++) {
        const set = await records.compareAndSet('k', round, some).catch((error) => error.code);
        trace.push(`${records.self.name} ${clock.now()} ${JSON.stringify(set.status ?? set)}`);
      }
    });
    await clock.advance(100_000);
    await Promise.all(all);
    return trace.join('\n');
  }
  assert.equal(await run(42), await run(42));
  assert.notEqual(await run(42), await run(43));
});
