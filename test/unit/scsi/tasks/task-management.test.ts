// Proves the task management functions: what is aborted, what is answered when, and that no answer
// goes out while the medium may still act for an aborted command.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { CommandResult } from '../../../../src/scsi/command-result.ts';
import {
  ABORT_TASK_SETTLE_MAX_MS,
  DRAIN_MAX_MS,
  FENCED_REPORT_MAX_MS,
  UNITS_CHANGED_AT_ONCE,
} from '../../../../src/scsi/limits.ts';
import { encodeLun } from '../../../../src/scsi/lun.ts';
import {
  AGREEMENT_MAX_MS,
  type Nexus,
  type TaskManagementFunction,
} from '../../../../src/scsi/nexus.ts';
import { Status } from '../../../../src/scsi/status.ts';
import {
  type ManagedNexus,
  manage as manageNexus,
} from '../../../../src/scsi/tasks/task-management.ts';
import { type ChangeOrigin, COMMITTED } from '../../../../src/scsi/unit-state.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';
import { setModes } from '../../../support/set-modes.ts';
import { settle, VirtualClock } from '../../../support/virtual-clock.ts';

const READ = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const COMPARE_AND_WRITE = [0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0];

function manage(nexus: Nexus, name: TaskManagementFunction, referencedTag = 0, lun = 0) {
  return nexus.manage({ function: name, lun: encodeLun(lun), referencedTag });
}

test('ABORT TASK waits for the medium, and the command gets no status', async () => {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  const task = bench.send(READ, { dataInExpected: 512, tag: 9 });
  let answered: unknown;
  void Promise.resolve(manage(bench.nexus, 'abortTask', 9)).then((response) => {
    answered = response;
  });
  await settle();
  assert.equal(answered, undefined);
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual(answered, { response: 'functionComplete' });
  assert.deepEqual(task.ends, ['discarded']);
});

test('ABORT TASK of a write that waits for data discards it at once', async () => {
  const bench = await ScsiBench.open();
  const task = bench.send(WRITE, { data: new Uint8Array(512), immediate: false, tag: 3 });
  const before = bench.volume.log.length;
  assert.deepEqual(await manage(bench.nexus, 'abortTask', 3), { response: 'functionComplete' });
  assert.deepEqual(task.ends, ['discarded']);
  task.deliver();
  assert.equal(bench.volume.log.length, before);
  assert.deepEqual(await manage(bench.nexus, 'abortTask', 3), { response: 'taskDoesNotExist' });
});

test('a COMPARE AND WRITE in flight sends its true status before its abort is answered', async () => {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  const data = new Uint8Array(1024).fill(1, 512);
  const task = bench.send(COMPARE_AND_WRITE, { data, tag: 4 });
  const order: string[] = [];
  task.onEnd = () => order.push('status');
  const answer = Promise.resolve(manage(bench.nexus, 'abortTask', 4)).then(() => {
    order.push('answer');
  });
  await settle();
  bench.volume.releaseAll();
  await answer;
  assert.deepEqual(task.ends, [Status.good]);
  assert.deepEqual(order, ['status', 'answer']);
});

/** What the function is answered, once it is. */
function watch(answer: ReturnType<Nexus['manage']>): { response?: string } {
  const seen: { response?: string } = {};
  void Promise.resolve(answer).then(({ response }) => {
    seen.response = response;
  });
  return seen;
}

test('an abort of a read is answered in time, and the end of the read is ignored', async () => {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  const read = bench.send(READ, { dataInExpected: 512, tag: 1 });
  const answer = watch(manage(bench.nexus, 'abortTaskSet'));
  await bench.clock.advance(DRAIN_MAX_MS - 1);
  assert.equal(answer.response, undefined);
  await bench.clock.advance(1);
  assert.equal(answer.response, 'functionComplete');
  assert.equal(bench.volume.fences, 0);
  assert.deepEqual(read.ends, [], 'the medium has its buffers');
  assert.equal(bench.nexus.outstanding, 1);
  const ordered = bench.send(TEST_UNIT_READY, { attribute: 'ordered', tag: 1 });
  assert.equal(ordered.status, Status.good, 'and it holds up nobody');
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual(read.ends, ['discarded']);
  assert.equal(bench.nexus.outstanding, 0);
});

test('an abort of a write that does not settle fences the volume, and then is answered', async () => {
  for (const [name, waitMs] of [
    ['abortTask', ABORT_TASK_SETTLE_MAX_MS],
    ['abortTaskSet', DRAIN_MAX_MS],
    ['clearTaskSet', DRAIN_MAX_MS],
    ['logicalUnitReset', DRAIN_MAX_MS],
    ['targetWarmReset', DRAIN_MAX_MS],
  ] as const) {
    const bench = await ScsiBench.open();
    bench.volume.shut = true;
    bench.volume.holdFences = true;
    const write = bench.send(WRITE, { data: new Uint8Array(512), tag: 5 });
    const answer = watch(manage(bench.nexus, name, 5));
    await bench.clock.advance(waitMs - 1);
    assert.equal(bench.volume.fences, 0);
    await bench.clock.advance(1);
    assert.equal(bench.volume.fences, 1);
    assert.deepEqual([answer.response, write.ends], [undefined, []]);
    bench.volume.endFence(true);
    await settle();
    assert.deepEqual([answer.response, write.ends], ['functionComplete', ['discarded']], name);
  }
});

test('while the volume is fenced and opened again, medium commands end BUSY, others do not', async () => {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  bench.volume.holdFences = true;
  bench.volume.holdReopens = true;
  bench.send(WRITE, { data: new Uint8Array(512) });
  const answer = watch(manage(bench.nexus, 'abortTaskSet'));
  await bench.clock.advance(DRAIN_MAX_MS);
  const busy = () => bench.send(READ, { dataInExpected: 512 }).status;
  assert.equal(busy(), Status.busy);
  bench.volume.endFence(true);
  await settle();
  assert.equal(answer.response, 'functionComplete');
  assert.equal(busy(), Status.busy);
  assert.equal(bench.send(TEST_UNIT_READY).status, Status.good);
  bench.volume.shut = false;
  bench.volume.endReopen();
  await settle();
  assert.equal(busy(), Status.good);
});

test('a failed fence promises nothing, and the gateway is told', async () => {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  bench.volume.holdFences = true;
  bench.send(WRITE, { data: new Uint8Array(512) });
  const answer = watch(manage(bench.nexus, 'abortTaskSet'));
  await bench.clock.advance(DRAIN_MAX_MS);
  bench.volume.endFence(false);
  await settle();
  assert.equal(answer.response, 'serviceDeliveryOrTargetFailure');
  assert.equal(bench.unfenced, 1);
});

test('a fence that takes too long leaves the function without an answer', async () => {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  bench.volume.holdFences = true;
  bench.send(WRITE, { data: new Uint8Array(512) });
  const answer = watch(manage(bench.nexus, 'logicalUnitReset'));
  await bench.clock.advance(AGREEMENT_MAX_MS);
  assert.equal(answer.response, 'serviceDeliveryOrTargetFailure');
  assert.equal(bench.unfenced, 0);
});

test('a COMPARE AND WRITE of unknown outcome ends ABORTED COMMAND before its abort', async () => {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  bench.volume.holdFences = true;
  const data = new Uint8Array(1024).fill(1, 512);
  const task = bench.send(COMPARE_AND_WRITE, { data, tag: 4 });
  const answer = watch(manage(bench.nexus, 'abortTask', 4));
  await bench.clock.advance(ABORT_TASK_SETTLE_MAX_MS);
  task.onEnd = () => assert.equal(answer.response, undefined, 'first the status');
  bench.volume.endFence(true);
  await settle();
  assert.equal(answer.response, 'functionComplete');
  assert.equal(task.condition, 'b/0000');
});

test('an aborted write in parts writes no more after its fence', async () => {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  const task = bench.send(WRITE, { data: new Uint8Array(100).fill(7), tag: 6 });
  const answer = watch(manage(bench.nexus, 'abortTask', 6));
  await bench.clock.advance(ABORT_TASK_SETTLE_MAX_MS + FENCED_REPORT_MAX_MS);
  assert.equal(answer.response, 'functionComplete');
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual(task.ends, ['discarded']);
  assert.deepEqual(
    bench.volume.log.filter((line) => line.startsWith('compareAndWrite')),
    [],
  );
});

test('LOGICAL UNIT RESET aborts the commands of all nexuses and notifies them; TAS stays', async () => {
  for (const tas of [false, true]) {
    const bench = await ScsiBench.open();
    setModes(bench.logicalUnit, { tas }, 'saved');
    const other = bench.openNexus();
    const write = { data: new Uint8Array(512), immediate: false };
    const own = bench.send(WRITE, write);
    const foreign = bench.send(WRITE, write, other);
    setModes(bench.logicalUnit, { swp: true });
    const response = await manage(bench.nexus, 'logicalUnitReset');
    assert.deepEqual(response, { response: 'functionComplete' });
    assert.deepEqual(own.ends, ['discarded']);
    assert.deepEqual(foreign.ends, [tas ? Status.taskAborted : 'discarded']);
    for (const nexus of [bench.nexus, other]) {
      assert.equal(bench.send(READ, { dataInExpected: 512 }, nexus).condition, '6/2903');
      assert.equal(bench.send(READ, { dataInExpected: 512 }, nexus).status, Status.good);
    }
    const { modes } = bench.logicalUnit;
    assert.deepEqual([modes.swp, modes.tas], [false, tas]);
  }
});

test('CLEAR TASK SET of a shared task set clears and notifies all nexuses', async () => {
  for (const tas of [false, true]) {
    const bench = await ScsiBench.open();
    setModes(bench.logicalUnit, { tst: 0, tas });
    const [other, idle] = [bench.openNexus(), bench.openNexus()];
    for (const nexus of [bench.nexus, other, idle]) bench.send(TEST_UNIT_READY, {}, nexus);
    const write = { data: new Uint8Array(512), immediate: false };
    const own = bench.send(WRITE, write);
    const foreign = bench.send(WRITE, write, other);
    assert.deepEqual(await manage(bench.nexus, 'clearTaskSet'), { response: 'functionComplete' });
    assert.deepEqual(own.ends, ['discarded']);
    assert.deepEqual(foreign.ends, [tas ? Status.taskAborted : 'discarded']);
    const conditions = [bench.nexus, other, idle].map(
      (nexus) => bench.send(TEST_UNIT_READY, {}, nexus).condition,
    );
    // A nexus that is told by a status, or had nothing there, gets no unit attention.
    assert.deepEqual(conditions, [undefined, tas ? undefined : '6/2f00', undefined]);
  }
});

test('CLEAR TASK SET reaches no other nexus where each has a task set of its own', async () => {
  const bench = await ScsiBench.open();
  const other = bench.openNexus();
  const write = { data: new Uint8Array(512), immediate: false };
  const own = bench.send(WRITE, write);
  bench.send(TEST_UNIT_READY, {}, other);
  const foreign = bench.send(WRITE, write, other);
  await manage(bench.nexus, 'clearTaskSet');
  assert.deepEqual([own.ends, foreign.ends], [['discarded'], []]);
});

test('aborting a whole set starts nothing that was dormant', async () => {
  const bench = await ScsiBench.open();
  const write = { data: new Uint8Array(512), immediate: false };
  const tasks = [
    bench.send(WRITE, { ...write, attribute: 'ordered' }),
    bench.send(WRITE, { ...write, attribute: 'ordered', immediate: true }),
    bench.send(READ, { dataInExpected: 512 }),
  ];
  const before = bench.volume.log.length;
  await manage(bench.nexus, 'clearTaskSet');
  assert.deepEqual(
    tasks.map((task) => task.ends),
    [['discarded'], ['discarded'], ['discarded']],
  );
  assert.equal(bench.volume.log.length, before);
});

test('a long WRITE SAME stops between steps when it is aborted', async () => {
  const bench = await ScsiBench.open({ blocks: 65536 });
  const cdb = [0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0];
  const task = bench.send(cdb, { data: new Uint8Array(512).fill(5), tag: 8 });
  assert.deepEqual(task.ends, []);
  const answer = manage(bench.nexus, 'abortTask', 8);
  assert.deepEqual(await answer, { response: 'functionComplete' });
  assert.deepEqual(task.ends, ['discarded']);
  const steps = bench.volume.log.filter((line) => line.startsWith('writeSame'));
  assert.equal(steps.length, 1);
});

test('QUERY functions report the commands that are there', async () => {
  const bench = await ScsiBench.open();
  const complete = { response: 'functionComplete' };
  assert.deepEqual(await manage(bench.nexus, 'queryTask', 2), complete);
  assert.deepEqual(await manage(bench.nexus, 'queryTaskSet'), complete);
  assert.deepEqual(await manage(bench.nexus, 'queryAsynchronousEvent'), complete);
  bench.send(WRITE, { data: new Uint8Array(512), immediate: false, tag: 2 });
  const succeeded = { response: 'functionSucceeded' };
  assert.deepEqual(await manage(bench.nexus, 'queryTask', 2), succeeded);
  assert.deepEqual(await manage(bench.nexus, 'queryTaskSet'), succeeded);
  await bench.store.resize('disk', 1024 * 512, { mayShrink: true });
  const event = await manage(bench.nexus, 'queryAsynchronousEvent');
  const additional = Uint8Array.of(0x16, 0x2a, 0x09);
  assert.deepEqual(event, { response: 'functionSucceeded', additional });
});

test('functions on a LUN that is not there, CLEAR ACA and the resets of target and nexus', async () => {
  const bench = await ScsiBench.open();
  const noUnit = { response: 'incorrectLogicalUnitNumber' };
  assert.deepEqual(await manage(bench.nexus, 'logicalUnitReset', 0, 4), noUnit);
  assert.deepEqual(await manage(bench.nexus, 'clearAca'), { response: 'functionRejected' });
  const cases = [
    ['targetWarmReset', '6/2903'],
    ['targetColdReset', '6/2903'],
    ['iTNexusReset', '6/2907'],
  ] as const;
  for (const [name, condition] of cases) {
    const task = bench.send(WRITE, { data: new Uint8Array(512), immediate: false });
    assert.deepEqual(await manage(bench.nexus, name), { response: 'functionComplete' });
    assert.deepEqual(task.ends, ['discarded']);
    assert.equal(bench.send(READ, { dataInExpected: 512 }).condition, condition);
  }
});

test('a reset that is not committed is given up when its nexus is lost', async () => {
  let origin: ChangeOrigin | undefined;
  const commit = (_: unknown, asking: ChangeOrigin) => {
    origin = asking;
    return Promise.resolve(COMMITTED);
  };
  const nexus = { clock: new VirtualClock(), units: [{ logicalUnit: { commit } }], isLost: false };
  const managed = { ...nexus, unitsInUse: [] } as unknown as ManagedNexus & { isLost: boolean };
  const request = { function: 'targetWarmReset', lun: encodeLun(0), referencedTag: 0 } as const;
  await manageNexus(managed, request);
  assert.equal(origin?.isAborted, false);
  managed.isLost = true;
  assert.equal(origin?.isAborted, true);
});

test('a TARGET RESET of many units has a bounded number of events under way', async () => {
  const commits: ((result: CommandResult) => void)[] = [];
  const logicalUnit = () => ({ commit: () => new Promise((resolve) => commits.push(resolve)) });
  const units = Array.from({ length: 3 * UNITS_CHANGED_AT_ONCE }, () => ({
    logicalUnit: logicalUnit(),
  }));
  const clock = new VirtualClock();
  const nexus = { clock, units, unitsInUse: units } as unknown as ManagedNexus;
  const reset = () =>
    watch(manageNexus(nexus, { function: 'targetWarmReset', lun: encodeLun(0), referencedTag: 0 }));
  const answer = reset();
  for (let turn = 1; turn <= 3; turn++) {
    await settle();
    assert.equal(commits.length, UNITS_CHANGED_AT_ONCE);
    assert.equal(answer.response, undefined);
    for (const resolve of commits.splice(0)) resolve(COMMITTED);
  }
  await settle();
  assert.equal(answer.response, 'functionComplete');

  const late = reset();
  await clock.advance(5_001);
  for (const resolve of commits.splice(0)) resolve(COMMITTED);
  await settle();
  assert.deepEqual([commits.length, late.response], [0, 'serviceDeliveryOrTargetFailure']);
});
