// Proves how the work of one command is cut into steps: their ranges, how many are with the medium
// at a time, when the command is over and with what, and what counts as progress of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvariantBroken } from '../../../../src/base/assert.ts';
import { conditions } from '../../../../src/scsi/sense-table.ts';
import { type ByteRange, QueuedSteps } from '../../../../src/scsi/tasks/queued-steps.ts';
import { DONE, type VolumeResult } from '../../../../src/volume/volume.ts';

const READ_ERROR: VolumeResult = { status: 'readError' };

function begin(ranges: readonly ByteRange[], { stepBytes = 100, atOnce = 2 } = {}) {
  const unit = { counted: 0, landed: 0 };
  const seen = { progressed: 0, left: 0, ends: [] as unknown[] };
  const command = {
    nexus: {},
    logicalUnit: unit,
    isAborted: false,
    steps: undefined as QueuedSteps | undefined,
    progressed: () => {
      seen.progressed++;
    },
  };
  const work = { ranges, stepBytes, atOnce, step: () => DONE };
  const steps = new QueuedSteps(command, unit, work, () => {
    seen.left++;
  });
  command.steps = steps;
  steps.whenDone((result) => seen.ends.push(result));
  return { steps, command, unit, seen };
}

test('ranges are done in order, each in steps; empty ones have no step', () => {
  const { steps } = begin([
    { offset: 7, length: 0 },
    { offset: 1000, length: 250 },
    { offset: 5, length: 0 },
    { offset: 6, length: 0 },
    { offset: 0, length: 100 },
    { offset: 9, length: 0 },
  ]);
  const taken: ByteRange[] = [];
  while (steps.hasNext) {
    taken.push(steps.take());
    steps.landed(DONE);
  }
  assert.deepEqual(taken, [
    { offset: 1000, length: 100 },
    { offset: 1100, length: 100 },
    { offset: 1200, length: 50 },
    { offset: 0, length: 100 },
  ]);
});

test('the steps cover any work exactly once, and none is too long', () => {
  const range = fc.record({ offset: fc.nat(10_000), length: fc.nat(500) });
  fc.assert(
    fc.property(
      fc.array(range, { maxLength: 8 }),
      fc.integer({ min: 1, max: 200 }),
      (all, most) => {
        const { steps } = begin(all, { stepBytes: most });
        const joined: ByteRange[] = [];
        while (steps.hasNext) {
          const { offset, length } = steps.take();
          assert.ok(length > 0 && length <= most);
          const last = joined.at(-1);
          const isSame = last !== undefined && last.offset + last.length === offset;
          if (isSame) joined[joined.length - 1] = { ...last, length: last.length + length };
          else joined.push({ offset, length });
          steps.landed(DONE);
        }
        const wanted: ByteRange[] = [];
        for (const { offset, length } of all) {
          const last = wanted.at(-1);
          if (length === 0) continue;
          const isSame = last !== undefined && last.offset + last.length === offset;
          if (isSame) wanted[wanted.length - 1] = { ...last, length: last.length + length };
          else wanted.push({ offset, length });
        }
        assert.deepEqual(joined, wanted);
      },
    ),
  );
});

test('work without bytes has no step', () => {
  const { steps } = begin([{ offset: 3, length: 0 }]);
  assert.equal(steps.hasNext, false);
  assert.throws(() => steps.take(), InvariantBroken);
  assert.equal(begin([]).steps.hasNext, false);
});

test('the medium has a bounded number of its steps, each counted for its unit', () => {
  const { steps, unit } = begin([{ offset: 0, length: 300 }]);
  assert.deepEqual([steps.isWaiting, steps.maySubmit], [true, true]);
  steps.take();
  assert.deepEqual([steps.isWaiting, steps.maySubmit, unit.counted], [false, true, 1]);
  steps.take();
  assert.deepEqual([steps.maySubmit, steps.counted, unit.counted], [false, 2, 2]);
  assert.equal(steps.landed(DONE), true);
  assert.deepEqual([steps.maySubmit, unit.counted, unit.landed], [true, 1, 1]);
});

test('it ends once, when its last step has landed', () => {
  const { steps, command, seen } = begin([{ offset: 0, length: 200 }]);
  steps.take();
  steps.take();
  assert.equal(steps.hasNext, false);
  steps.landed(DONE);
  assert.deepEqual([seen.ends, command.steps], [[], steps]);
  steps.landed(DONE);
  assert.deepEqual([seen.ends, steps.result, command.steps], [[DONE], DONE, undefined]);
  assert.throws(() => steps.landed(DONE), InvariantBroken);
});

test('a step that fails is the last to be submitted; the first fault is the result', () => {
  const { steps, seen } = begin([{ offset: 0, length: 500 }], { atOnce: 3 });
  for (let i = 0; i < 3; i++) steps.take();
  steps.landed(READ_ERROR);
  assert.deepEqual([steps.hasNext, seen.left, seen.ends], [false, 1, []]);
  steps.landed({ status: 'writeError' });
  steps.landed(DONE);
  assert.deepEqual([seen.ends, seen.left], [[READ_ERROR], 1]);
});

test('an aborted command ends at once if it waits, else when its steps have landed', () => {
  const cleared = conditions.commandsClearedByDeviceServer;
  const waiting = begin([{ offset: 0, length: 300 }]);
  waiting.steps.drop();
  assert.deepEqual([waiting.seen.ends, waiting.seen.left], [[cleared], 1]);
  waiting.steps.drop();
  assert.deepEqual([waiting.seen.ends.length, waiting.seen.left], [1, 1]);
  const running = begin([{ offset: 0, length: 300 }]);
  running.steps.take();
  running.steps.drop();
  assert.deepEqual([running.steps.hasNext, running.seen.ends], [false, []]);
  running.steps.landed(DONE);
  assert.deepEqual(running.seen.ends, [cleared]);
});

test('it ages from its first step at the medium, and each landed step is progress', () => {
  const { steps, seen } = begin([{ offset: 0, length: 300 }]);
  assert.equal(seen.progressed, 0);
  steps.take();
  steps.take();
  assert.equal(seen.progressed, 1, 'a second step makes it no younger');
  steps.landed(DONE);
  assert.equal(seen.progressed, 2);
  steps.landed(DONE);
  steps.take();
  assert.equal(seen.progressed, 4, 'the medium had nothing of it');
});

test('progress of other commands at its unit counts once', () => {
  const { steps, unit } = begin([{ offset: 0, length: 300 }]);
  assert.equal(steps.takeProgressOfOthers(), false);
  unit.landed += 2;
  assert.equal(steps.takeProgressOfOthers(), true);
  assert.equal(steps.takeProgressOfOthers(), false);
});

test('a slow step no longer counts when it lands', () => {
  const { steps, unit } = begin([{ offset: 0, length: 200 }]);
  steps.take();
  steps.take();
  // As the queue does it: see `StepQueue.yieldTurn`.
  steps.counted = 0;
  unit.counted = 0;
  assert.equal(steps.landed(DONE), false);
  assert.equal(steps.landed(DONE), false);
  assert.deepEqual([unit.counted, unit.landed], [0, 2]);
});
