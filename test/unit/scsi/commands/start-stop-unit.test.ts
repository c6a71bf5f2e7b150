// START STOP UNIT: START 0 writes the cache unless NO_FLUSH is set, and stops the unit for nobody;
// LOEJ and power conditions are refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditions, invalidInCdb, results } from '../../../../src/scsi/sense-table.ts';
import { StartStopUnitCdb } from '../../../../src/scsi/standard/sbc-control.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';
import { logicalUnit, run } from '../../../support/scsi-call.ts';

const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
const START = 1;
const LOEJ = 2;
const NO_FLUSH = 4;

function cdb(flags: number, immed = 0): readonly number[] {
  return [0x1b, immed, 0, 0, flags, 0];
}

test('START 0 stops the unit for no initiator, and establishes no unit attention', async () => {
  const bench = await ScsiBench.open();
  const other = bench.openNexus();
  for (const flags of [0, NO_FLUSH]) {
    assert.equal((await bench.perform(cdb(flags))).status, Status.good);
    for (const nexus of [bench.nexus, other]) {
      assert.equal(bench.send(TEST_UNIT_READY, {}, nexus).status, Status.good);
      const read = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
      assert.equal(bench.send(read, { dataInExpected: 512 }, nexus).status, Status.good);
    }
  }
});

test('START 0 writes a volatile cache unless NO_FLUSH is set; START 1 does not', async () => {
  let flushes = 0;
  const unit = logicalUnit({ flushed: () => flushes++ });
  for (const [flags, immed, expected] of [
    [0, 0, 1],
    [0, 1, 2],
    [NO_FLUSH, 0, 2],
    [START, 0, 2],
    [START, 1, 2],
    [START | NO_FLUSH, 0, 2],
  ] as const) {
    assert.equal((await run(cdb(flags, immed), { unit })).result, results.good);
    assert.equal(flushes, expected, `flags ${flags}`);
  }
  const durable = logicalUnit({ flushed: () => flushes++, limits: { volatileCache: false } });
  assert.equal((await run(cdb(0), { unit: durable })).result, results.good);
  assert.equal(flushes, 2);
});

test('START 0 does not end GOOD when the cache cannot be written', async () => {
  const unit = logicalUnit();
  unit.volume.flush = () => ({ status: 'writeError' });
  assert.equal((await run(cdb(0), { unit })).result, conditions.writeError);
  assert.equal((await run(cdb(NO_FLUSH), { unit })).result, results.good);
});

test('LOEJ and power conditions are refused', async () => {
  const unit = logicalUnit({ flushed: () => assert.fail('a refused command writes nothing') });
  for (const flags of [LOEJ, LOEJ | START]) {
    const { result } = await run(cdb(flags), { unit });
    assert.deepEqual(result, invalidInCdb(StartStopUnitCdb.loEj));
  }
  for (let power = 1; power < 16; power++) {
    const { result } = await run(cdb(power << 4), { unit });
    assert.deepEqual(result, invalidInCdb(StartStopUnitCdb.powerCondition));
  }
});
