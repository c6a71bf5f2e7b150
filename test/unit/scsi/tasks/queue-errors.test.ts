// Proves QERR: what a command that ends with CHECK CONDITION does to the others of its nexus, that
// other nexuses go on, and that its status waits for what the medium has of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DRAIN_MAX_MS } from '../../../../src/scsi/limits.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';
import { setModes } from '../../../support/set-modes.ts';
import { settle } from '../../../support/virtual-clock.ts';

const READ = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const READ_BEYOND = [0x28, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 1, 0];
const UNKNOWN = [0xff, 0, 0, 0, 0, 0];
const block = { data: new Uint8Array(512) };

/** A bench with a write that waits for data, at its nexus and at another one. */
async function waiting(qerr: number) {
  const bench = await ScsiBench.open();
  setModes(bench.logicalUnit, { qerr });
  const other = bench.openNexus();
  const own = bench.send(WRITE, { ...block, immediate: false });
  const ofOther = bench.send(WRITE, { ...block, immediate: false }, other);
  return { bench, own, ofOther };
}

for (const [name, cdb] of [
  ['refused by its own checks', READ_BEYOND],
  ['without a row in the command table', UNKNOWN],
] as const) {
  test(`QERR 01b and 11b abort the others of the nexus: a command ${name}`, async () => {
    for (const qerr of [0b01, 0b11]) {
      const { bench, own, ofOther } = await waiting(qerr);
      const failed = bench.send(cdb, { dataInExpected: 512 });
      assert.deepEqual(failed.ends, [Status.checkCondition]);
      assert.deepEqual([own.ends, ofOther.ends], [['discarded'], []]);
      ofOther.deliver();
      await settle();
      assert.deepEqual(ofOther.ends, [Status.good]);
    }
  });
}

test('QERR 00b, and a command that ends well or with BUSY, abort nothing', async () => {
  const { bench, own } = await waiting(0b00);
  assert.equal(bench.send(READ_BEYOND, { dataInExpected: 512 }).status, Status.checkCondition);
  assert.deepEqual(own.ends, []);
  const { bench: aborting, own: stays } = await waiting(0b01);
  await aborting.perform(READ, { dataInExpected: 512 });
  aborting.volume.fault = { status: 'busy' };
  assert.deepEqual((await aborting.perform(READ, { dataInExpected: 512 })).ends, [Status.busy]);
  assert.deepEqual(stays.ends, []);
});

test('the status waits for a write that the medium has', async () => {
  const { bench } = await waiting(0b01);
  bench.volume.shut = true;
  const write = bench.send(WRITE, block);
  const failed = bench.send(READ_BEYOND, { dataInExpected: 512 });
  await settle();
  assert.deepEqual([write.ends, failed.ends], [[], []]);
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual([write.ends, failed.ends], [['discarded'], [Status.checkCondition]]);
  assert.equal(failed.condition, '5/2100');
});

test('a medium error of one command aborts the others, and waits for them', async () => {
  const { bench, own } = await waiting(0b11);
  bench.volume.shut = true;
  bench.volume.fault = { status: 'readError' };
  const read = bench.send(READ, { dataInExpected: 512 });
  bench.volume.fault = undefined;
  const write = bench.send(WRITE, block);
  bench.volume.release();
  await settle();
  assert.deepEqual([own.ends, read.ends, write.ends], [['discarded'], [], []]);
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual([read.ends, write.ends], [[Status.checkCondition], ['discarded']]);
  assert.equal(bench.nexus.outstanding, 0);
});

test('a write that the medium does not end is fenced, and the status goes out', async () => {
  const { bench } = await waiting(0b01);
  bench.volume.shut = true;
  const write = bench.send(WRITE, block);
  const failed = bench.send(READ_BEYOND, { dataInExpected: 512 });
  await bench.clock.advance(DRAIN_MAX_MS);
  assert.equal(bench.volume.fences, 1);
  await bench.clock.advance(1000);
  assert.deepEqual([write.ends, failed.ends], [[], [Status.checkCondition]]);
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual(write.ends, ['discarded']);
});

test('write protection that comes while a write waits for its data', async () => {
  const { bench, own } = await waiting(0b01);
  bench.volume.shut = true;
  const inMedium = bench.send(WRITE, block);
  setModes(bench.logicalUnit, { qerr: 0b01, swp: true });
  own.deliver();
  await settle();
  assert.deepEqual([own.ends, inMedium.ends], [[], []]);
  bench.volume.releaseAll();
  await settle();
  assert.equal(own.condition, '7/2700');
  assert.deepEqual(inMedium.ends, ['discarded']);
});

test('a command whose data is lost aborts the others', async () => {
  const { bench, own } = await waiting(0b01);
  const lost = bench.send(WRITE, { ...block, immediate: false });
  lost.owner?.fail('protocolServiceCrcError');
  assert.deepEqual([own.ends, lost.ends], [['discarded'], [Status.checkCondition]]);
});
