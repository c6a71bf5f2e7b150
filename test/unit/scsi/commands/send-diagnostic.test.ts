// SEND DIAGNOSTIC: the default self-test passes; other self-tests and diagnostic pages are refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invalidInCdb, results } from '../../../../src/scsi/sense-table.ts';
import { SendDiagnosticCdb } from '../../../../src/scsi/standard/spc.ts';
import { run } from '../../../support/scsi-call.ts';

test('the default self-test ends GOOD', async () => {
  assert.deepEqual((await run([0x1d, 0x04, 0, 0, 0, 0])).result, results.good);
  assert.deepEqual((await run([0x1d, 0x10, 0, 0, 0, 0])).result, results.good);
});

test('a self-test code or a parameter list is refused with a field pointer', async () => {
  const { selfTestCode, parameterListLength } = SendDiagnosticCdb;
  const background = await run([0x1d, 0x20, 0, 0, 0, 0]);
  assert.deepEqual(background.result, invalidInCdb(selfTestCode));
  const page = await run([0x1d, 0x10, 0, 0, 4, 0]);
  assert.deepEqual(page.result, invalidInCdb(parameterListLength));
});
