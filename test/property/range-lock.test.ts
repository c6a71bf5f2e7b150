// Range locks of several simulated processes over a simulated kernel, in random interleavings: no
// exclusive range overlaps what another holds, each holder's range is covered in the kernel for as
// long as it is held, everybody gets in, and in the end nothing is locked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LockFile } from '../../src/volume/local/lock-file.ts';
import { INTENTIONS_AT } from '../../src/volume/local/lock-file.ts';
import { type HeldRange, LOCK_WAIT_MAX_MS, RangeLock } from '../../src/volume/local/range-lock.ts';
import { KernelLocks, type SimulatedLockFile } from '../support/kernel-locks.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { settle, VirtualClock } from '../support/virtual-clock.ts';

interface Step {
  readonly process: number;
  readonly offset: number;
  readonly length: number;
  readonly isExclusive: boolean;
  /** How long it is held, and how long until the next step. */
  readonly holdMs: number;
  readonly pauseMs: number;
}

const BLOCKS = 8;
const BLOCK = 4096;
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: step(fc.integer({ min: 0, max: BLOCKS - 1 }), fc.constant(1)) },
    { weight: 1, arbitrary: step(fc.constant(0), fc.integer({ min: 1, max: BLOCKS })) },
  ),
  { minLength: 1, maxLength: 60 },
);

function step(offset: fc.Arbitrary<number>, length: fc.Arbitrary<number>): fc.Arbitrary<Step> {
  return fc.record({
    process: fc.integer({ min: 0, max: 2 }),
    offset: offset.map((block) => block * BLOCK),
    length: length.map((blocks) => blocks * BLOCK),
    isExclusive: fc.nat(3).map((choice) => choice === 0),
    holdMs: fc.constantFrom(0, 0, 1, 3, 20),
    pauseMs: fc.constantFrom(0, 0, 0, 0.4, 1, 5, 30, 600),
  });
}

class World {
  readonly clock = new VirtualClock();
  readonly kernel = new KernelLocks();
  readonly files: SimulatedLockFile[] = [];
  readonly locks: RangeLock[] = [];
  readonly holders = new Set<{ step: Step; file: SimulatedLockFile }>();
  entered = 0;

  constructor(seed: number, processes = 3) {
    for (let i = 0; i < processes; i++) {
      const file = this.kernel.open();
      this.files.push(file);
      const random = new SeededRandom(seed + i);
      this.locks.push(new RangeLock(file as unknown as LockFile, this.clock, random));
    }
  }

  async perform(step: Step): Promise<void> {
    const lock = this.locks[step.process]!;
    const acquired = lock.acquire(step.offset, step.length, step.isExclusive);
    const held = acquired instanceof Promise ? await acquired : acquired;
    assert.ok(held !== undefined, 'everybody gets in');
    this.#hold(step, lock, held);
  }

  #hold(step: Step, lock: RangeLock, held: HeldRange): void {
    const holder = { step, file: this.files[step.process]! };
    for (const other of this.holders) {
      const isApart =
        other.step.offset >= step.offset + step.length ||
        step.offset >= other.step.offset + other.step.length;
      const isShared = !step.isExclusive && !other.step.isExclusive;
      const isOrdered = other.step.process !== step.process;
      assert.ok(isApart || (isShared && isOrdered), 'no two hold what excludes the other');
    }
    this.holders.add(holder);
    this.entered++;
    this.check();
    const release = (): void => {
      this.check();
      this.holders.delete(holder);
      lock.release(held);
      this.check();
    };
    if (step.holdMs === 0) this.clock.endOfTurn(release);
    else this.clock.after(step.holdMs, release);
  }

  /** What a process believes to hold the kernel keeps from others. */
  check(): void {
    for (const { step, file } of this.holders) {
      const mode = step.isExclusive ? 'exclusive' : 'shared';
      assert.ok(this.kernel.covers(file, step.offset, step.offset + step.length, mode));
    }
  }
}

test('ranges of several processes exclude each other, and all get in', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(), async (all, seed) => {
      const world = new World(seed);
      const entries: Promise<void>[] = [];
      for (const step of all) {
        entries.push(world.perform(step));
        if (step.pauseMs > 0) await world.clock.advance(step.pauseMs);
        else await Promise.resolve();
      }
      await world.clock.advance(LOCK_WAIT_MAX_MS);
      await Promise.all(entries);
      await world.clock.advance(1000);
      assert.equal(world.entered, all.length);
      assert.equal(world.holders.size, 0);
      assert.equal(world.kernel.held, 0, 'no lock is left behind');
      assert.equal(world.clock.pending, 0, 'nothing waits for ever');
    }),
    { numRuns: 300 },
  );
});

test('an exclusive range gets in beside streams of writes that never pause', async () => {
  const world = new World(1);
  const everything = INTENTIONS_AT - 1;
  let isOver = false;
  const stream = async (process: number, lane: number): Promise<void> => {
    while (!isOver) {
      const offset = (lane % BLOCKS) * BLOCK;
      const held = await world.locks[process]!.acquire(offset, BLOCK, false);
      await new Promise<void>((resolve) => void world.clock.after(0.5, resolve));
      if (held !== undefined) world.locks[process]!.release(held);
    }
  };
  const streams = [0, 1].flatMap((process) =>
    Array.from({ length: 16 }, (_, lane) => stream(process, lane)),
  );
  await world.clock.advance(10);
  for (const length of [BLOCK, everything, BLOCK, BLOCK]) {
    const startMs = world.clock.now();
    let waitedMs = Number.POSITIVE_INFINITY;
    const attempt = (async () => {
      const held = await world.locks[2]!.acquire(0, length, true);
      assert.ok(held !== undefined, 'it is had');
      waitedMs = world.clock.now() - startMs;
      world.locks[2]!.release(held);
    })();
    await world.clock.advance(LOCK_WAIT_MAX_MS / 20);
    await attempt;
    assert.ok(waitedMs < 50, `it waited ${waitedMs} ms`);
  }
  isOver = true;
  await world.clock.advance(1000);
  await Promise.all(streams);
  assert.equal(world.kernel.held, 0);
});

test('closing releases the volume lock at once, and no range of another process', async () => {
  const world = new World(1, 2);
  const [first, second] = world.locks as [RangeLock, RangeLock];
  const mine = first.acquire(0, BLOCK, false) as HeldRange;
  const others = second.acquire(BLOCK, BLOCK, false) as HeldRange;
  first.release(mine);
  assert.ok(world.kernel.held > 1, 'the volume lock is kept for a while');
  first.close();
  assert.equal(world.kernel.held, 1);
  second.release(others);
  second.close();
  assert.equal(world.kernel.held, 0);
  await world.clock.advance(10);
  await settle();
  assert.equal(world.clock.pending, 0);
});
