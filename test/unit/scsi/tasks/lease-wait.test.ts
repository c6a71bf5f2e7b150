// Proves of a gateway that does not know whether it is open: it answers nothing from memory,
// neither data nor a refusal, while what its medium answers goes on; a command that waits is
// answered by the state of the moment at which it goes on, can be aborted, and ages.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeLun } from '../../../../src/scsi/lun.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench, type TestTaskOptions } from '../../../support/scsi-bench.ts';
import { setModes } from '../../../support/set-modes.ts';
import { settle } from '../../../support/virtual-clock.ts';

const READ = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const READ_BEHIND_END = [0x28, 0, 0x7f, 0, 0, 0, 0, 0, 1, 0];
const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
const MODE_SENSE = [0x1a, 0, 0x0a, 0, 255, 0];
const MODE_SELECT = [0x15, 0x10, 0, 0, 16, 0];
const LIST = Uint8Array.of(0, 0, 0, 0, 0x0a, 0x0a, 0x26, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const block = new Uint8Array(512);

/** What reports state, with the room that it needs. */
const REPORTS: Readonly<Record<string, readonly [readonly number[], TestTaskOptions]>> = {
  testUnitReady: [TEST_UNIT_READY, {}],
  inquiry: [[0x12, 0, 0, 0, 96, 0], { dataInExpected: 96 }],
  inquiryOfAbsent: [[0x12, 0, 0, 0, 96, 0], { dataInExpected: 96, lun: 7 }],
  modeSense: [MODE_SENSE, { dataInExpected: 255 }],
  readCapacity: [[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], { dataInExpected: 8 }],
  portGroups: [[0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0], { dataInExpected: 255 }],
  reportLuns: [[0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0], { dataInExpected: 16 }],
  requestSense: [[0x03, 0, 0, 0, 252, 0], { dataInExpected: 252 }],
  reserveIn: [[0x5e, 0, 0, 0, 0, 0, 0, 0, 8, 0], { dataInExpected: 8 }],
};

test('a report of state waits for the lease; an answer of the medium does not', async () => {
  const bench = await ScsiBench.open();
  bench.lease.end();
  const reports = Object.entries(REPORTS).map(([name, [cdb, options]]) => {
    return { name, task: bench.send(cdb, options) };
  });
  const read = bench.send(READ, { dataInExpected: 512 });
  const write = bench.send(WRITE, { data: block });
  await settle();
  assert.deepEqual([read.ends, write.ends], [[Status.good], [Status.good]]);
  for (const { name, task } of reports) assert.deepEqual(task.ends, [], name);
  bench.lease.renew();
  await settle();
  for (const { name, task } of reports) assert.deepEqual(task.ends, [Status.good], name);
});

test('a command that waited reports the state at which it continues', async () => {
  const bench = await ScsiBench.open();
  bench.lease.end();
  const task = bench.send(MODE_SENSE, { dataInExpected: 255 });
  setModes(bench.logicalUnit, { dSense: true });
  bench.lease.renew();
  await settle();
  const D_SENSE_BYTE = 4 + 8 + 2;
  assert.equal(task.dataIn[D_SENSE_BYTE]! & 0x04, 0x04);
});

test('a refusal by shared state waits, a refusal of the CDB does not', async () => {
  const bench = await ScsiBench.open();
  setModes(bench.logicalUnit, { swp: true });
  bench.lease.end();
  const isProtected = bench.send(WRITE, { data: block });
  const isBehind = bench.send(READ_BEHIND_END, { dataInExpected: 512 });
  const isUnknown = bench.send([0xff, 0, 0, 0, 0, 0], {});
  await settle();
  assert.equal(isUnknown.condition, '5/2000');
  assert.deepEqual([isProtected.ends, isBehind.ends], [[], []]);
  bench.lease.renew();
  await settle();
  assert.deepEqual([isProtected.condition, isBehind.condition], ['7/2700', '5/2100']);
});

test('a command that waits is aborted at once, and its tag is free', async () => {
  const bench = await ScsiBench.open();
  bench.lease.end();
  const task = bench.send(MODE_SELECT, { data: LIST, tag: 5 });
  const request = { function: 'abortTask', lun: encodeLun(0), referencedTag: 5 } as const;
  assert.deepEqual(await bench.nexus.manage(request), { response: 'functionComplete' });
  assert.deepEqual(task.ends, ['discarded']);
  bench.lease.renew();
  await settle();
  assert.equal(bench.logicalUnit.modes.dSense, false, 'it changes nothing');
  assert.equal(bench.send(TEST_UNIT_READY, { tag: 5 }).status, Status.good);
});

test('a waiting command ages: a change like one on which gateways do not agree', async () => {
  const bench = await ScsiBench.open();
  bench.lease.end();
  bench.send(TEST_UNIT_READY);
  bench.nexus.age(1_000);
  assert.deepEqual(bench.nexus.age(500), { runningMs: 1_500, changingMs: 0, agreeingMs: 0 });
  bench.send(MODE_SELECT, { data: LIST });
  assert.deepEqual(bench.nexus.age(500), { runningMs: 2_000, changingMs: 0, agreeingMs: 500 });
  bench.lease.renew();
  await settle();
  assert.deepEqual(bench.nexus.age(500), { runningMs: 0, changingMs: 0, agreeingMs: 0 });
});

test('a nexus that ends while commands wait leaves nothing behind', async () => {
  const bench = await ScsiBench.open();
  bench.lease.end();
  const tasks = [bench.send(TEST_UNIT_READY), bench.send(MODE_SELECT, { data: LIST })];
  await bench.nexus.close();
  assert.deepEqual(
    tasks.map(({ ends }) => ends),
    [['discarded'], ['discarded']],
  );
  bench.lease.renew();
  await settle();
  assert.equal(bench.nexus.outstanding, 0);
});
