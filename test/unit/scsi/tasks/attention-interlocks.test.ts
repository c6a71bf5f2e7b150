// Proves UA_INTLCK_CTRL: which reports of a unit attention clear it, and which statuses establish
// one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditions } from '../../../../src/scsi/sense-table.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';
import { setModes } from '../../../support/set-modes.ts';

const READ = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const UNKNOWN = [0xff, 0, 0, 0, 0, 0];
const REQUEST_SENSE = [0x03, 0, 0, 0, 252, 0];
const RESERVE = [0x16, 0, 0, 0, 0, 0];
const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
const KEPT = 0b10;
const ESTABLISHED = 0b11;

async function sensed(bench: ScsiBench): Promise<string> {
  const { dataIn } = await bench.perform(REQUEST_SENSE, { dataInExpected: 252 });
  const code = Buffer.from(dataIn.subarray(12, 14)).toString('hex');
  return `${(dataIn[2]! & 0xf).toString(16)}/${code}`;
}

test('10b and 11b: only REQUEST SENSE clears a unit attention', async () => {
  for (const uaIntlckCtrl of [KEPT, ESTABLISHED]) {
    const bench = await ScsiBench.open();
    setModes(bench.logicalUnit, { uaIntlckCtrl });
    bench.logicalUnit.establish(conditions.capacityDataHasChanged);
    bench.logicalUnit.establish(conditions.inquiryDataHasChanged);
    for (const cdb of [READ, UNKNOWN, TEST_UNIT_READY]) {
      assert.equal(bench.send(cdb, { dataInExpected: 512 }).condition, '6/2a09');
    }
    assert.equal(await sensed(bench), '6/2a09');
    assert.equal(bench.send(TEST_UNIT_READY).condition, '6/3f03');
    assert.equal(await sensed(bench), '6/3f03');
    assert.equal(bench.send(TEST_UNIT_READY).status, Status.good);
  }
});

test('00b: the report clears it', async () => {
  const bench = await ScsiBench.open();
  bench.logicalUnit.establish(conditions.capacityDataHasChanged);
  assert.equal(bench.send(UNKNOWN).condition, '6/2a09');
  assert.equal(bench.send(TEST_UNIT_READY).status, Status.good);
});

test('11b: BUSY, TASK SET FULL and RESERVATION CONFLICT are reported by the next command', async () => {
  const bench = await ScsiBench.open({ taskSetDepthMax: 1 });
  const other = bench.openNexus();
  setModes(bench.logicalUnit, { uaIntlckCtrl: ESTABLISHED });
  bench.volume.fault = { status: 'busy' };
  await bench.perform(READ, { dataInExpected: 512 });
  bench.volume.fault = undefined;
  assert.equal(bench.send(TEST_UNIT_READY).condition, '6/2c07');
  assert.equal(await sensed(bench), '6/2c07');

  const waits = bench.send(WRITE, { data: new Uint8Array(512), immediate: false });
  for (let twice = 0; twice < 2; twice++) {
    assert.equal(bench.send(TEST_UNIT_READY).status, Status.taskSetFull);
  }
  waits.deliver();
  assert.equal(await sensed(bench), '6/2c08');
  assert.equal(bench.send(TEST_UNIT_READY).status, Status.good, 'established once');

  await bench.perform(RESERVE, {}, other);
  assert.equal(bench.send(TEST_UNIT_READY).status, Status.reservationConflict);
  assert.equal(await sensed(bench), '6/2c09');
  assert.equal(
    (await bench.perform(TEST_UNIT_READY, {}, other)).status,
    Status.good,
    'only its own',
  );
});

test('10b: those statuses establish nothing', async () => {
  const bench = await ScsiBench.open();
  setModes(bench.logicalUnit, { uaIntlckCtrl: KEPT });
  bench.volume.fault = { status: 'busy' };
  await bench.perform(READ, { dataInExpected: 512 });
  assert.equal(bench.send(TEST_UNIT_READY).status, Status.good);
});
