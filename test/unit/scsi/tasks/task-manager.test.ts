// Proves of the task manager that, whatever happens in whatever order, no command leaves the table
// of a task's life, each ends exactly once, each abort settles exactly once, and nothing is left;
// and that such runs come by every row of the table.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvariantBroken } from '../../../../src/base/assert.ts';
import type { TaskAttribute } from '../../../../src/scsi/task.ts';
import { Execution } from '../../../../src/scsi/tasks/execution.ts';
import { TaskEvent, type TaskStateName, taskLife } from '../../../../src/scsi/tasks/task-life.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';
import {
  kindNames,
  type LifeStep,
  LifeWatch,
  managementFunctions,
  TaskLives,
} from '../../../support/task-lives.ts';

const ATTRIBUTES = ['simple', 'simple', 'simple', 'simple', 'ordered', 'headOfQueue'] as const;

const RUNS = 150;
/** By then all rows were seen, long before. */
const SEEDS_MAX = 30;

/** Few tags, so that some commands overlap. */
const tag = fc.integer({ min: 1, max: 12 });
const nexus = fc.integer({ min: 0, max: 1 });
const which = fc.nat(30);

const steps: fc.Arbitrary<LifeStep[]> = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant('send' as const),
        command: fc.constantFrom(...kindNames, 'hugeWrite', 'hugeWrite'),
        nexus,
        tag,
        attribute: fc.constantFrom<TaskAttribute>(...ATTRIBUTES),
        immediate: fc.boolean(),
      }),
    },
    { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('data', 'fail'), which }) },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constantFrom('release', 'shut', 'unmapped', 'mapped') }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom('protect', 'tas'), on: fc.boolean() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('fence' as const), isHeld: fc.boolean() }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('manage' as const),
        name: fc.constantFrom(...managementFunctions),
        nexus,
        tag,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), nexus }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('time' as const),
        ms: fc.constantFrom(10, 2500, 7000),
      }),
    },
  ),
  { maxLength: 60, size: 'max' },
);

/** Runs scripts; returns the transitions that they made. */
async function live(parameters: { numRuns: number; seed?: number }): Promise<Set<string>> {
  const watch = new LifeWatch();
  try {
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        watch.aborts.clear();
        const lives = await TaskLives.open();
        for (const step of script) await lives.take(step);
        assert.deepEqual(await lives.finish(), []);
        for (const abort of watch.aborts) assert.ok(abort.isOver, 'every abort settles');
      }),
      parameters,
    );
  } finally {
    watch.close();
  }
  return watch.seen;
}

test('whatever happens, each command ends once and each abort settles once', async () => {
  await live({ numRuns: RUNS });
});

test('such runs come by every row of the table', async () => {
  const missing = new Set(
    (Object.keys(taskLife) as TaskStateName[]).flatMap((state) =>
      Object.keys(taskLife[state].next).map((event) => `${state} ${event}`),
    ),
  );
  for (let seed = 1; missing.size > 0 && seed <= SEEDS_MAX; seed++) {
    for (const row of await live({ numRuns: RUNS, seed })) missing.delete(row);
  }
  assert.deepEqual([...missing], []);
});

test('an event that the table does not allow ends the process', async () => {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  const { owner } = bench.send([0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0], { dataInExpected: 512 });
  assert.ok(owner instanceof Execution);
  assert.throws(() => owner.move(TaskEvent.start), InvariantBroken);
  assert.throws(() => owner.move(TaskEvent.detach), InvariantBroken);
  assert.throws(() => owner.dataOutArrived(), InvariantBroken, 'it waits for no data');
  assert.throws(() => owner.reset(), InvariantBroken, 'it has not ended');
});
