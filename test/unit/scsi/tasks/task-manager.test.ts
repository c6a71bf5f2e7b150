// Proves of the task manager that, whatever happens in whatever order, no command leaves the table
// of a task's life, each ends exactly once, each abort settles exactly once, and nothing is left;
// and that such runs come by every row of the table.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvariantBroken } from '../../../../src/base/assert.ts';
import { ABORT_TASK_SETTLE_MAX_MS } from '../../../../src/scsi/limits.ts';
import { Status } from '../../../../src/scsi/status.ts';
import type { TaskAttribute } from '../../../../src/scsi/task.ts';
import { Execution } from '../../../../src/scsi/tasks/execution.ts';
import { TaskEvent, type TaskStateName, taskLife } from '../../../../src/scsi/tasks/task-life.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';
import { setModes } from '../../../support/set-modes.ts';
import {
  kindNames,
  type LifeStep,
  LifeWatch,
  managementFunctions,
  TaskLives,
} from '../../../support/task-lives.ts';
import { settle } from '../../../support/virtual-clock.ts';

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
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('protect', 'tas', 'lease', 'protectWithoutLease'),
        on: fc.boolean(),
      }),
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

test('random runs use every row of the table', async () => {
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

test('a command that arrives while others are aborted is not lost', async () => {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  const write = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
  const data = new Uint8Array(512);
  bench.send(write, { data });
  const [first, second] = ['ordered', 'ordered'].map((attribute) =>
    bench.send(write, { data, attribute: attribute as TaskAttribute }),
  );
  assert.deepEqual([first!.state, second!.state], ['dormant', 'dormant']);
  let next: ReturnType<ScsiBench['send']> | undefined;
  first!.onEnd = () => {
    next = bench.send(write, { data });
  };
  // The second is still there when the next command comes, which must wait for it.
  void bench.nexus.manage({ function: 'abortTaskSet', lun: first!.lun, referencedTag: 0 });
  assert.deepEqual([first!.ends, second!.ends], [['discarded'], ['discarded']]);
  assert.equal(next?.state, 'running');
});

test('a command that waits for an aborted one starts when that one leaves', async () => {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  const read = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
  const ordered = bench.send(read, { dataInExpected: 512, tag: 1, attribute: 'ordered' });
  const waiting = bench.send(read, { dataInExpected: 512 });
  assert.deepEqual([ordered.state, waiting.state], ['running', 'dormant']);
  void bench.nexus.manage({ function: 'abortTask', lun: ordered.lun, referencedTag: 1 });
  // The medium does not end it, and a read need not be fenced.
  await bench.clock.advance(ABORT_TASK_SETTLE_MAX_MS + 1);
  assert.deepEqual([ordered.state, waiting.state], ['detachedDiscarding', 'running']);
});

test('a COMPARE AND WRITE keeps its true status however often it is aborted', async () => {
  const bench = await ScsiBench.open();
  const other = bench.openNexus();
  setModes(bench.logicalUnit, { tas: true }, 'saved');
  bench.volume.shut = true;
  const cdb = [0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0];
  const task = bench.send(cdb, { data: new Uint8Array(1024), tag: 1 });
  assert.equal(task.state, 'uninterruptible');
  void bench.nexus.manage({ function: 'abortTask', lun: task.lun, referencedTag: 1 });
  assert.equal(task.state, 'settling');
  void other.manage({ function: 'logicalUnitReset', lun: task.lun, referencedTag: 0 });
  assert.equal(task.state, 'settling');
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual(task.ends, [Status.good]);
});
