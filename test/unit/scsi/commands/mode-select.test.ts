// MODE SELECT: takes a list over whole or not at all, and tells the other nexuses of a change.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultModes } from '../../../../src/scsi/mode-parameters.ts';
import {
  atParameter,
  conditions,
  invalidInCdb,
  results,
} from '../../../../src/scsi/sense-table.ts';
import { ModeSelect6Cdb } from '../../../../src/scsi/standard/mode.ts';
import { logicalUnit, run } from '../../../support/scsi-call.ts';

const PF = 0x10;
const SP = 0x01;
/** Header without block descriptor, then the control page with D_SENSE and SWP. */
const setBoth = [0, 0, 0, 0, 0x0a, 0x0a, 0x26, 0, 0x08, 0, 0, 0, 0, 0, 0, 0];

function six(length: number, flags = PF): readonly number[] {
  return [0x15, flags, 0, 0, length, 0];
}

function ten(length: number): readonly number[] {
  return [0x55, PF, 0, 0, 0, 0, 0, length >> 8, length & 0xff, 0];
}

test('a change takes effect, and the others get MODE PARAMETERS CHANGED', async () => {
  const unit = logicalUnit();
  const selected = await run(six(16), { unit, dataOut: Uint8Array.from(setBoth) });
  assert.equal(selected.result, results.good);
  assert.deepEqual(selected.told, [conditions.modeParametersChanged]);
  assert.deepEqual([unit.modes.dSense, unit.modes.swp], [true, true]);
});

test('(10) does the same behind its longer header', async () => {
  const unit = logicalUnit();
  const list = Uint8Array.from([0, 0, 0, 0, ...setBoth]);
  const selected = await run(ten(list.length), { unit, dataOut: list });
  assert.equal(selected.result, results.good);
  assert.equal(unit.modes.swp, true);
});

test('a list that changes nothing notifies nobody', async () => {
  const unit = logicalUnit();
  const { dataIn } = await run([0x1a, 0, 0x3f, 0xff, 255, 0], { unit });
  const selected = await run(six(dataIn.length), { unit, dataOut: dataIn });
  assert.equal(selected.result, results.good);
  assert.deepEqual(selected.told, []);
});

test('what MODE SENSE (10) gives with a long block descriptor can be sent back', async () => {
  const unit = logicalUnit({ blocks: 2 ** 33 });
  const { dataIn } = await run([0x5a, 0x10, 0x3f, 0xff, 0, 0, 0, 4, 0, 0], { unit });
  const { result } = await run(ten(dataIn.length), { unit, dataOut: dataIn });
  assert.equal(result, results.good);
});

test('SP saves the list, and without a list what is current', async () => {
  const unit = logicalUnit();
  const dataOut = Uint8Array.from(setBoth);
  await run(six(16), { unit, dataOut });
  assert.deepEqual([unit.modes.swp, unit.savedModes.swp], [true, false]);
  assert.equal((await run(six(0, SP), { unit })).result, results.good);
  assert.deepEqual(unit.savedModes, unit.modes);
  const cleared = Uint8Array.from([...setBoth.slice(0, 6), 0x22, 0, 0, ...setBoth.slice(9)]);
  const { told } = await run(six(16, PF | SP), { unit, dataOut: cleared });
  assert.deepEqual(told, [conditions.modeParametersChanged]);
  assert.deepEqual([unit.modes.swp, unit.savedModes.swp], [false, false]);
});

test('an empty list is no error; pages without PF are refused', async () => {
  const unit = logicalUnit();
  assert.equal((await run(six(0, 0), { unit })).result, results.good);
  const dataOut = Uint8Array.from(setBoth);
  const vendor = await run(six(16, 0), { unit, dataOut });
  assert.deepEqual(vendor.result, invalidInCdb(ModeSelect6Cdb.pf));
  assert.equal(unit.modes.swp, false);
});

test('the list has PARAMETER LIST LENGTH bytes, whatever was sent', async () => {
  const dataOut = Uint8Array.from([...setBoth, 0xff, 0xff]);
  assert.equal((await run(six(16), { dataOut })).result, results.good);
});

test('an error in a later page also discards the pages before it', async () => {
  const unit = logicalUnit();
  const caching = [0x08, 0x12, 0x00, ...new Array<number>(17).fill(0)];
  const dataOut = Uint8Array.from([...setBoth, ...caching]);
  const { result, told } = await run(six(dataOut.length), { unit, dataOut });
  // WCE is bit 2 of byte 2 of the second page.
  assert.deepEqual(result, atParameter(conditions.invalidFieldInParameterList, 16 + 2, 2));
  assert.deepEqual(told, []);
  assert.deepEqual(unit.modes, defaultModes(true));
});
