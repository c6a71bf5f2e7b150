// Proves what a command, its abort and its nexus see while the gateways agree on its change: nobody
// is answered before that is over, and an abort that comes first leaves the state as it was.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DRAIN_MAX_MS } from '../../../src/scsi/limits.ts';
import { encodeLun } from '../../../src/scsi/lun.ts';
import { AGREEMENT_MAX_MS, type TaskManagementFunction } from '../../../src/scsi/nexus.ts';
import { Status } from '../../../src/scsi/status.ts';
import { LateUnitState } from '../../support/late-unit-state.ts';
import { ScsiBench } from '../../support/scsi-bench.ts';
import { settle } from '../../support/virtual-clock.ts';

/** MODE SELECT (6) of the control page with SWP. */
const MODE_SELECT = [0x15, 0x10, 0, 0, 16, 0];
const SWP = Uint8Array.of(0, 0, 0, 0, 0x0a, 0x0a, 0x22, 0, 0x08, 0, 0, 0, 0, 0, 0, 0);
const READ = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];

async function world() {
  let made: LateUnitState | undefined;
  const bench = await ScsiBench.open({
    stateOf: (initial) => {
      made = new LateUnitState(initial);
      return made;
    },
  });
  const state = made!;
  state.isLate = true;
  const select = (tag = 5) => bench.send(MODE_SELECT, { data: SWP, tag });
  const manage = (name: TaskManagementFunction, referencedTag = 5) => {
    const answer: { response?: string } = {};
    const request = { function: name, lun: encodeLun(0), referencedTag };
    void Promise.resolve(bench.nexus.manage(request)).then(({ response }) => {
      answer.response = response;
    });
    return answer;
  };
  return { bench, state, select, manage, isSet: () => bench.logicalUnit.modes.swp };
}

test('MODE SELECT is answered when its change is committed; other commands continue', async () => {
  const { bench, state, select, isSet } = await world();
  const task = select();
  await settle();
  assert.deepEqual([task.ends, state.waiting, isSet()], [[], 1, false]);
  assert.equal(bench.send(READ, { dataInExpected: 512 }).status, Status.good);
  state.settle();
  await settle();
  assert.deepEqual([task.ends, isSet()], [[Status.good], true]);
});

test('a change that the gateways do not agree on in time ends BUSY', async () => {
  const { bench, state, select, isSet } = await world();
  const task = select();
  state.settle(false);
  await settle();
  assert.deepEqual([task.ends, isSet(), bench.nexus.outstanding], [[Status.busy], false, 0]);
});

test('a list is checked against the state that it changes, not the one at its arrival', async () => {
  const { bench, state } = await world();
  // NUMBER OF LOGICAL BLOCKS in the block descriptor is the capacity: 2048 blocks.
  const data = Uint8Array.of(0, 0, 0, 8, 0, 0, 8, 0, 0, 0, 2, 0);
  const task = bench.send([0x15, 0x10, 0, 0, 12, 0], { data });
  state.isLate = false;
  await bench.store.resize('disk', 4096 * 512);
  state.settle();
  await settle();
  assert.equal(task.condition, '5/2600');
});

test('a command that is aborted before its change is committed changes nothing', async () => {
  const { state, select, manage, isSet } = await world();
  const task = select();
  const answer = manage('abortTask');
  await settle();
  assert.deepEqual([task.ends, answer.response], [[], undefined], 'it may still change the state');
  state.settle();
  await settle();
  assert.deepEqual(task.ends, ['discarded']);
  assert.deepEqual([answer.response, isSet()], ['functionComplete', false]);
});

test('an abort of a change that may still be committed ends its session', async () => {
  const { bench, select, manage } = await world();
  select();
  const answer = manage('abortTask');
  await bench.clock.advance(AGREEMENT_MAX_MS - 1);
  assert.equal(answer.response, undefined);
  await bench.clock.advance(1);
  assert.equal(answer.response, 'serviceDeliveryOrTargetFailure');
});

test('a lost nexus is gone when its change is over, however long that takes', async () => {
  const { bench, state, select, isSet } = await world();
  const task = select();
  let isClosed = false;
  void bench.nexus.close().then(() => {
    isClosed = true;
  });
  await bench.clock.advance(10 * DRAIN_MAX_MS);
  assert.equal(isClosed, false);
  state.settle();
  await settle();
  assert.deepEqual([isClosed, task.ends, isSet()], [true, ['discarded'], false]);
});

test('a command ages until its change is over', async () => {
  const { bench, state, select } = await world();
  select();
  const { runningMs, agreeingMs } = bench.nexus.age(3_000);
  assert.deepEqual([runningMs, agreeingMs], [3_000, 3_000]);
  state.settle();
  await settle();
  assert.equal(bench.nexus.age(3_000).runningMs, 0);
});

test('a reset does not wait for a change that it aborts, which can no longer be committed', async () => {
  const { state, select, manage, isSet } = await world();
  const task = select();
  const answer = manage('logicalUnitReset');
  state.settleLast();
  await settle();
  assert.deepEqual([answer.response, task.ends], ['functionComplete', []]);
  state.settle();
  await settle();
  assert.deepEqual([task.ends, isSet()], [['discarded'], false]);
});

test('a reset aborts nothing before it is committed, and is then answered', async () => {
  const { bench, state, manage } = await world();
  bench.volume.shut = true;
  const read = bench.send(READ, { dataInExpected: 512 });
  const answer = manage('logicalUnitReset');
  await settle();
  assert.deepEqual([read.ends, answer.response], [[], undefined]);
  state.settle();
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual([read.ends, answer.response], [['discarded'], 'functionComplete']);
});

test('a reset that is not committed, or not in time, is not answered', async () => {
  const { bench, state, manage } = await world();
  const refused = manage('logicalUnitReset');
  state.settle(false);
  await settle();
  assert.equal(refused.response, 'serviceDeliveryOrTargetFailure');
  const late = manage('targetWarmReset');
  await bench.clock.advance(AGREEMENT_MAX_MS);
  assert.equal(late.response, 'serviceDeliveryOrTargetFailure');
});
