// TEST UNIT READY moves nothing, and says whether the medium can be used.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditions, results } from '../../../../src/scsi/sense-table.ts';
import { logicalUnit, run } from '../../../support/scsi-call.ts';

const CDB = [0, 0, 0, 0, 0, 0];

test('a logical unit is ready', async () => {
  const { result, transferLength } = await run(CDB);
  assert.equal(result, results.good);
  assert.equal(transferLength, 0);
});

test('a unit whose medium cannot be used is not ready until it is repaired', async () => {
  const unit = logicalUnit();
  Object.defineProperty(unit.volume, 'unservable', { value: 'planted', configurable: true });
  const { result } = await run(CDB, { unit });
  assert.equal(result, conditions.logicalUnitNotReadyManualInterventionRequired);
  Object.defineProperty(unit.volume, 'unservable', { value: undefined });
  assert.equal((await run(CDB, { unit })).result, results.good);
});
