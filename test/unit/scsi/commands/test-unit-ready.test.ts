// TEST UNIT READY is good and moves nothing; it is the one that does not work while stopped.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testUnitReadyCommand } from '../../../../src/scsi/commands/test-unit-ready.ts';
import { endings } from '../../../../src/scsi/sense-table.ts';
import { run } from '../../../support/scsi-call.ts';

test('a logical unit that is there is ready', async () => {
  const { ending, transferLength } = await run([0, 0, 0, 0, 0, 0]);
  assert.equal(ending, endings.good);
  assert.equal(transferLength, 0);
});

test('a stopped one is reported at admission', () => {
  assert.notEqual(testUnitReadyCommand.worksWhenStopped, true);
});
