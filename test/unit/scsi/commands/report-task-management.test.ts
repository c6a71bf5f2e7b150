// REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS, short and with REPD.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex, run } from '../../../support/scsi-call.ts';

function cdb(repd: number): readonly number[] {
  return [0xa3, 0x0d, repd << 7, 0, 0, 0, 0, 0, 1, 0, 0, 0];
}

test('four bytes without REPD: all but CLEAR ACA and WAKEUP', async () => {
  assert.equal(hex((await run(cdb(0))).dataIn), 'de 07 00 00');
});

test('sixteen with it, and a long time-out of 8 s', async () => {
  assert.equal(hex((await run(cdb(1))).dataIn), 'de 07 00 0c 01 00 00 00 00 00 00 50 00 00 00 00');
});
