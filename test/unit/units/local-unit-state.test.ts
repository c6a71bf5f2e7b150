// Proves that the state of one gateway keeps the contract of `scsi/unit-state.ts`: a change is
// computed from what is current, takes effect in its turn, and is made whole or not at all.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditions } from '../../../src/scsi/sense-table.ts';
import { reset, resized } from '../../../src/scsi/unit-changes.ts';
import {
  COMMITTED,
  type CommittedEvent,
  NOT_COMMITTED,
  NOT_ENFORCED,
  type UnitEventTarget,
} from '../../../src/scsi/unit-state.ts';
import { LocalUnitState } from '../../../src/units/local-unit-state.ts';
import { LocalUnitStates } from '../../../src/units/local-unit-states.ts';
import { unitState } from '../../support/scsi-call.ts';
import { settle } from '../../support/virtual-clock.ts';

/** Where events take effect; each is enforced when the test says so. */
class Target implements UnitEventTarget {
  readonly events: CommittedEvent[] = [];
  #answers: ((isEnforced: boolean) => void)[] = [];

  apply(committed: CommittedEvent): Promise<boolean> {
    this.events.push(committed);
    return new Promise((resolve) => {
      this.#answers.push(resolve);
    });
  }

  readAgain(): void {}

  enforce(isEnforced = true): void {
    this.#answers.shift()?.(isEnforced);
  }
}

function world() {
  const initial = unitState();
  const state = new LocalUnitState(initial);
  const target = new Target();
  state.attach(target);
  return { initial, state, target };
}

test('a change takes effect in the turn that makes it, and ends GOOD when it is enforced', async () => {
  const { initial, state, target } = world();
  const nexus = {};
  let outcome: unknown;
  void state.commit(resized(7), { nexus, isAborted: false }).then((result) => {
    outcome = result;
  });
  const [committed] = target.events;
  assert.deepEqual(
    [state.current.blocks, committed?.state, committed?.origin?.nexus],
    [7, { ...initial, blocks: 7 }, nexus],
  );
  await settle();
  assert.equal(outcome, undefined);
  target.enforce();
  await settle();
  assert.equal(outcome, COMMITTED);
});

test('the next change is computed from the one before, enforced or not', async () => {
  const { state, target } = world();
  const seen: number[] = [];
  const grow = () =>
    state.commit((current) => {
      seen.push(current.blocks);
      return resized(current.blocks * 2)(current);
    });
  const first = state.current.blocks;
  void grow();
  void grow();
  assert.deepEqual(seen, [first, 2 * first]);
  assert.deepEqual(
    target.events.map(({ state: { blocks } }) => blocks),
    [2 * first, 4 * first],
  );
});

test('a change that is refused, or changes nothing, makes no event', async () => {
  const { initial, state, target } = world();
  assert.equal(await state.commit(resized(initial.blocks)), COMMITTED);
  const refusal = conditions.invalidFieldInParameterList;
  assert.equal(await state.commit(() => refusal), refusal);
  assert.equal(state.current, initial);
  assert.deepEqual(target.events, []);
});

test('the change of a command that was aborted is not made', async () => {
  const { initial, state, target } = world();
  const origin = { nexus: {}, isAborted: true };
  assert.equal(await state.commit(reset, origin), NOT_COMMITTED);
  assert.equal(state.current, initial);
  assert.deepEqual(target.events, []);
});

test('an event that cannot be enforced promises nothing', async () => {
  const { state, target } = world();
  const outcome = state.commit(reset);
  target.enforce(false);
  assert.equal(await outcome, NOT_ENFORCED);
});

test('a disk has one state, from its opening to its close', async () => {
  const states = new LocalUnitStates();
  const state = await states.open(unitState());
  await assert.rejects(states.open(unitState()), /a disk has one state/);
  state.close();
  assert.throws(() => state.close(), /closed once/);
  await assert.rejects(state.commit(reset), /is open/);
  assert.notEqual(await states.open(unitState()), state);
});
