// START STOP UNIT: stops and starts for all, flushes before it stops, refuses LOEJ and power.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endings, invalidInCdb } from '../../../../src/scsi/sense-table.ts';
import { StartStopUnitCdb } from '../../../../src/scsi/standard/sbc-control.ts';
import { logicalUnit, run } from '../../../support/scsi-call.ts';

const START = 1;
const LOEJ = 2;
const NO_FLUSH = 4;

function cdb(flags: number, immed = 0): readonly number[] {
  return [0x1b, immed, 0, 0, flags, 0];
}

test('START 0 flushes, then stops; START 1 starts again', async () => {
  let flushes = 0;
  const unit = logicalUnit({ flushed: () => flushes++ });
  assert.equal((await run(cdb(0), { unit })).ending, endings.good);
  assert.deepEqual([unit.stopped, flushes], [true, 1]);
  assert.equal((await run(cdb(START, 1), { unit })).ending, endings.good);
  assert.deepEqual([unit.stopped, flushes], [false, 1]);
});

test('NO_FLUSH stops without a flush', async () => {
  let flushes = 0;
  const unit = logicalUnit({ flushed: () => flushes++ });
  await run(cdb(NO_FLUSH), { unit });
  assert.deepEqual([unit.stopped, flushes], [true, 0]);
});

test('LOEJ and power conditions are refused and change nothing', async () => {
  const unit = logicalUnit();
  assert.deepEqual((await run(cdb(LOEJ), { unit })).ending, invalidInCdb(StartStopUnitCdb.loEj));
  for (let power = 1; power < 16; power++) {
    const { ending } = await run(cdb(power << 4), { unit });
    assert.deepEqual(ending, invalidInCdb(StartStopUnitCdb.powerCondition));
  }
  assert.equal(unit.stopped, false);
});
