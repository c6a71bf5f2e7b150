// REQUEST SENSE: what is pending comes as data with status GOOD, once, in the format DESC asks for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditions } from '../../../../src/scsi/sense-table.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { hex, logicalUnit, run } from '../../../support/scsi-call.ts';

test('nothing pending is NO SENSE, in fixed and in descriptor format', async () => {
  const fixed = await run([0x03, 0, 0, 0, 252, 0]);
  assert.equal(fixed.result.status, Status.good);
  assert.equal(hex(fixed.dataIn), '70 00 00 00 00 00 00 0a 00 00 00 00 00 00 00 00\n00 00');
  const descriptor = await run([0x03, 1, 0, 0, 252, 0]);
  assert.equal(hex(descriptor.dataIn), '72 00 00 00 00 00 00 00');
});

test('a pending unit attention is reported and cleared', async () => {
  const unitAttention = conditions.modeParametersChanged;
  const { dataIn, result } = await run([0x03, 1, 0, 0, 252, 0], { unitAttention });
  assert.equal(result.status, Status.good);
  assert.equal(hex(dataIn), '72 06 2a 01 00 00 00 00');
});

test('a medium that cannot be used is NOT READY, MANUAL INTERVENTION REQUIRED', async () => {
  const unit = logicalUnit();
  Object.defineProperty(unit.volume, 'unservable', { value: 'planted' });
  const { dataIn } = await run([0x03, 1, 0, 0, 252, 0], { unit });
  assert.equal(hex(dataIn), '72 02 04 03 00 00 00 00');
});

test('a LUN without a logical unit says so in the data', async () => {
  const { dataIn, result } = await run([0x03, 1, 0, 0, 252, 0], { unit: null });
  assert.equal(result.status, Status.good);
  assert.equal(hex(dataIn), '72 05 25 00 00 00 00 00');
});
