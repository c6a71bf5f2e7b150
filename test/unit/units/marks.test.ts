// Proves that a mark is there from before a commit until the logical unit has been idle, whatever
// comes in between.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/base/failure.ts';
import { SETTLE_AFTER_MS } from '../../../src/units/limits.ts';
import { Marks } from '../../../src/units/marks.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const UNIT = 'unit';
const self = { name: 'g', incarnation: '1' };

/** Settling waits for the test; changes of the members object are made at once. */
class World {
  readonly clock = new VirtualClock();
  readonly marked = new Set<string>();
  isStoreSilent = false;
  changes = 0;
  settling: ((isSettled: boolean) => void)[] = [];
  readonly marks = new Marks({
    membership: {
      self,
      mark: (units) =>
        this.#change(() => {
          for (const unit of units) this.marked.add(unit);
        }),
      unmark: (marks) =>
        this.#change(() => {
          for (const { unit } of marks) this.marked.delete(unit);
        }),
    },
    clock: this.clock,
    settle: () => new Promise((resolve) => this.settling.push(resolve)),
  });

  async #change(make: () => void): Promise<void> {
    if (this.isStoreSilent) throw new Failure('recordsUnavailable', 'no answer');
    this.changes++;
    make();
  }

  async settle(isSettled: boolean): Promise<void> {
    for (const resolve of this.settling.splice(0)) resolve(isSettled);
    await this.clock.advance(0);
  }

  async idle(): Promise<void> {
    await this.clock.advance(SETTLE_AFTER_MS);
  }
}

test('commits in a row need one mark, which is removed when the last event is settled', async () => {
  const world = new World();
  const { marks, marked } = world;
  for (let i = 0; i < 3; i++) {
    await marks.hold(UNIT);
    assert.deepEqual([...marked], [UNIT]);
    marks.release(UNIT);
    await world.clock.advance(SETTLE_AFTER_MS - 1);
  }
  assert.equal(world.changes, 1);
  await world.idle();
  assert.equal(marked.size, 1, 'the event is not settled yet');
  await world.settle(false);
  await world.idle();
  assert.equal(marked.size, 1, 'nor is it now');
  await world.settle(true);
  assert.equal(marked.size, 0);
});

test('a commit that begins while the last event is settled keeps the mark', async () => {
  const world = new World();
  await world.marks.hold(UNIT);
  world.marks.release(UNIT);
  await world.idle();
  await world.marks.hold(UNIT);
  await world.settle(true);
  assert.equal(world.marked.size, 1);
  world.marks.release(UNIT);
  await world.idle();
  await world.settle(true);
  assert.equal(world.marked.size, 0);
});

test('a commit given up while the last event is settled leaves no mark', async () => {
  const world = new World();
  const { marks, marked } = world;
  await marks.hold(UNIT);
  marks.release(UNIT);
  await world.idle();
  await marks.hold(UNIT);
  marks.release(UNIT);
  await world.settle(true);
  // Whatever becomes of the first mark: that of the next commit is not removed under it.
  await world.clock.advance(SETTLE_AFTER_MS / 2);
  await marks.hold(UNIT);
  for (let i = 0; i < 3; i++) {
    await world.idle();
    await world.settle(true);
    assert.deepEqual([...marked], [UNIT]);
  }
  marks.release(UNIT);
  await world.idle();
  await world.settle(true);
  assert.equal(marked.size, 0);
  assert.equal(world.clock.pending, 0);
});

test('a mark that cannot be set is dropped; a removal that fails is repeated', async () => {
  const world = new World();
  const { marks, marked } = world;
  world.isStoreSilent = true;
  await assert.rejects(marks.hold(UNIT), { code: 'recordsUnavailable' });
  world.isStoreSilent = false;
  await marks.hold(UNIT);
  marks.release(UNIT);
  world.isStoreSilent = true;
  await world.idle();
  await world.settle(true);
  assert.equal(marked.size, 1);
  world.isStoreSilent = false;
  await world.idle();
  await world.settle(true);
  assert.equal(marked.size, 0);
});

test('a gateway that is over leaves its marks to others', async () => {
  const world = new World();
  await world.marks.hold(UNIT);
  world.marks.release(UNIT);
  world.marks.close();
  await world.idle();
  assert.deepEqual([world.marked.size, world.settling.length], [1, 0]);
});
