// Proves of the table of a task's life that it is whole: every state is reached, every task can
// end, the order of the states keeps its promises, and an event that the table leaves out ends the
// process.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvariantBroken } from '../../../../src/base/assert.ts';
import {
  nextState,
  TaskEvent,
  type TaskEventName,
  TaskState,
  type TaskStateName,
  taskLife,
} from '../../../../src/scsi/tasks/task-life.ts';

const states = Object.keys(TaskState) as TaskStateName[];
const events = Object.keys(TaskEvent) as TaskEventName[];

/** States that events lead to from here, in any number of steps. */
function reachedFrom(start: TaskStateName): Set<TaskStateName> {
  const reached = new Set<TaskStateName>();
  const open = [start];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const next of Object.values(taskLife[at].next)) {
      if (!reached.has(next)) open.push(next);
      reached.add(next);
    }
  }
  return reached;
}

test('the numbers are places in the table', () => {
  assert.deepEqual(Object.keys(taskLife), states);
  assert.deepEqual(
    states.map((name) => TaskState[name]),
    states.map((_, i) => i),
  );
  assert.deepEqual(
    events.map((name) => TaskEvent[name]),
    events.map((_, i) => i),
  );
});

test("the page of a task's life has the rows of the table", () => {
  const page = readFileSync(
    new URL('../../../../docs/internals/task-life.md', import.meta.url),
    'utf8',
  );
  for (const state of states) {
    const { comment, next } = taskLife[state];
    const moves = Object.entries(next).map(([event, to]) => `${event} → \`${to}\``);
    assert.ok(page.includes(`| \`${state}\` | ${comment} | ${moves.join(', ')} |\n`), state);
  }
});

test('every state is reached, and every task can end', () => {
  assert.deepEqual([...reachedFrom('idle')].sort(), [...states].sort());
  for (const state of states) assert.ok(reachedFrom(state).has('idle'), state);
});

test('the compiled code is the table, and events outside of it end the process', () => {
  for (const state of states) {
    for (const event of events) {
      const next = taskLife[state].next[event];
      const move = () => nextState(TaskState[state], TaskEvent[event]);
      if (next === undefined) assert.throws(move, InvariantBroken, `${state}, ${event}`);
      else assert.equal(move(), TaskState[next], `${state}, ${event}`);
    }
  }
});

test('comparisons of states by their order hold', () => {
  for (const state of states) {
    const { next } = taskLife[state];
    const isRunning = TaskState[state] >= TaskState.running;
    assert.equal('settle' in next, isRunning, `${state}: only what runs settles`);
    // The tag of a command that is discarded, or is in no task set, is free.
    const ownsTag = TaskState[state] > TaskState.idle && TaskState[state] < TaskState.discarding;
    assert.equal('silence' in next, isRunning && ownsTag, state);
    for (const [event, to] of Object.entries(next)) {
      const staysAborted = to === 'idle' || TaskState[to] >= TaskState.aborting;
      if (TaskState[state] >= TaskState.aborting) assert.ok(staysAborted, `${state}, ${event}`);
      if (isRunning) assert.ok(to !== 'idle' || event === 'settle', `${state}, ${event}`);
    }
  }
});

test('an abort without a status is never undone', () => {
  for (const state of ['discarding', 'detachedDiscarding'] as const) {
    for (const next of Object.values(taskLife[state].next)) {
      assert.ok(next === 'idle' || next.toLowerCase().includes('discarding'), next);
    }
  }
});

test('random events stay in the table, and each life ends once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 60 }), (choices) => {
      let state: TaskStateName = 'idle';
      let lives = 0;
      let ends = 0;
      for (const choice of choices) {
        const legal = Object.keys(taskLife[state].next) as TaskEventName[];
        assert.ok(legal.length > 0, `${state} is not the end of the world`);
        const event = legal[choice % legal.length]!;
        const next: TaskStateName = taskLife[state].next[event]!;
        if (state === 'idle') lives++;
        if (next === 'idle') ends++;
        state = next;
      }
      assert.equal(lives - ends, state === 'idle' ? 0 : 1);
    }),
  );
});
