// Proves of a command in progress that what others tell it reaches its owner, that its state says
// whether its handler runs and whether it was aborted, and that it keeps nothing for its next use.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantBroken } from '../../../../src/base/assert.ts';
import type { CommandNexus } from '../../../../src/scsi/command.ts';
import type { CommandRow } from '../../../../src/scsi/command-row.ts';
import { CommandTable, commands } from '../../../../src/scsi/command-table.ts';
import { LogicalUnitNexus } from '../../../../src/scsi/logical-unit-nexus.ts';
import { Abort } from '../../../../src/scsi/tasks/abort-settlement.ts';
import { Execution, type ExecutionOwner } from '../../../../src/scsi/tasks/execution.ts';
import {
  nextState,
  TaskEvent,
  type TaskEventName,
  TaskState,
  taskLife,
} from '../../../../src/scsi/tasks/task-life.ts';
import { DONE } from '../../../../src/volume/volume.ts';
import { ScsiBench, TestTask } from '../../../support/scsi-bench.ts';

const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const READ = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const MODE_SELECT = [0x15, 0x10, 0, 0, 0, 0];
const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];

const table = new CommandTable(commands);

function rowOf(cdb: readonly number[]): CommandRow {
  const row = table.find(Uint8Array.from(cdb));
  assert.ok(row !== undefined);
  return row;
}

/** A command in progress whose owner writes down what it is told. */
function begin(cdb: readonly number[] = WRITE) {
  const told: string[] = [];
  const tell = (what: string) => (execution: Execution, detail?: unknown) => {
    assert.equal(execution, made);
    told.push(detail === undefined ? what : `${what} ${JSON.stringify(detail)}`);
  };
  const owner: ExecutionOwner & { agedMs: number } = {
    nexus: {} as CommandNexus,
    agedMs: 0,
    dataReady: tell('dataReady'),
    fail: tell('fail'),
    admitted: tell('admitted'),
    settled: tell('settled'),
    detach: tell('detach'),
  };
  const made = new Execution();
  const task = new TestTask(cdb);
  made.assign(owner, task, rowOf(cdb), new LogicalUnitNexus(undefined));
  return { execution: made, owner, task, told };
}

test('news of the transport, the medium and an abort reach its owner', () => {
  const { execution, told } = begin();
  execution.dataOutArrived();
  execution.dataInGranted();
  execution.fail('dataPhaseError');
  execution.passGate();
  execution.onSettled(DONE);
  execution.detach();
  assert.deepEqual(told, [
    'dataReady',
    'dataReady',
    'fail "dataPhaseError"',
    'admitted',
    'settled {"status":"done"}',
    'detach',
  ]);
});

test('it has the nexus, the task and the row that it was given', () => {
  const { execution, owner, task } = begin();
  assert.equal(execution.nexus, owner.nexus);
  assert.equal(execution.task, task);
  assert.equal(execution.command, rowOf(WRITE));
});

test('its state says whether its handler was called, and whether it was aborted', () => {
  const isIn = (...events: readonly TaskEventName[]) => {
    const { execution } = begin();
    for (const event of events) execution.move(TaskEvent[event]);
    return [execution.isRunning, execution.isAborted];
  };
  assert.deepEqual(isIn('wait', 'start', 'awaitMedium'), [false, false]);
  assert.deepEqual(isIn('start', 'run'), [true, false]);
  assert.deepEqual(isIn('start', 'run', 'abort'), [true, true]);
  // The true status of a COMPARE AND WRITE goes out: to its handler it is not aborted.
  assert.deepEqual(isIn('start', 'runUninterruptible', 'abort'), [true, false]);
  assert.deepEqual(isIn('start', 'runUninterruptible', 'abort', 'silence'), [true, true]);
});

test('it moves by the table, and an event that the table leaves out ends the process', () => {
  for (const event of Object.keys(TaskEvent) as TaskEventName[]) {
    const { execution } = begin();
    if (event in taskLife.idle.next) {
      execution.move(TaskEvent[event]);
      assert.equal(execution.state, nextState(TaskState.idle, TaskEvent[event]));
    } else {
      assert.throws(() => execution.move(TaskEvent[event]), InvariantBroken);
      assert.equal(execution.state, TaskState.idle);
    }
  }
});

test('what it may change follows from the row of its command', () => {
  const changes = (cdb: readonly number[]) => {
    const { changesMedium, changesState, waitsOnly } = begin(cdb).execution;
    return [changesMedium, changesState, waitsOnly];
  };
  assert.deepEqual(changes(WRITE), [true, false, false]);
  assert.deepEqual(changes(MODE_SELECT), [false, true, false]);
  assert.deepEqual(changes(READ), [false, false, false]);
  assert.deepEqual(changes(TEST_UNIT_READY), [false, false, true]);
});

test('the gate of its medium counts the bytes of both directions', () => {
  const { execution } = begin();
  execution.dataOut = 512;
  execution.dataIn = 1024;
  assert.equal(execution.mediumBytes, 1536);
});

test('progress resets its age', () => {
  const { execution, owner } = begin();
  owner.agedMs = 4321;
  execution.progressed();
  assert.equal(execution.startedMs, 4321);
});

test('it keeps nothing of a command that has ended', async () => {
  const { execution, owner, task } = begin();
  const { logicalUnit } = await ScsiBench.open();
  execution.assign(owner, task, rowOf(WRITE), new LogicalUnitNexus(logicalUnit));
  execution.dataOut = 512;
  execution.dataIn = 512;
  execution.abort = new Abort(execution);
  execution.steps = {} as never;
  execution.reset();
  const { dataOut, dataIn, steps, abort, mediumBytes } = execution;
  assert.deepEqual([dataOut, dataIn, mediumBytes], [0, 0, 0]);
  assert.deepEqual([steps, abort, execution.logicalUnit], [undefined, undefined, undefined]);
  assert.throws(() => execution.owner, InvariantBroken);
  assert.throws(() => execution.task, InvariantBroken);
  assert.throws(() => execution.command, InvariantBroken);
});

test('it is not free before its end, nor while it is at the gate of its medium', () => {
  const { execution } = begin();
  execution.move(TaskEvent.start);
  assert.throws(() => execution.reset(), InvariantBroken);
  execution.move(TaskEvent.run);
  execution.move(TaskEvent.settle);
  execution.gate = 'inside';
  assert.throws(() => execution.reset(), InvariantBroken);
  execution.gate = 'outside';
  execution.reset();
});
