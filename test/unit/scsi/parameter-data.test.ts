// Parameter data is cut at the allocation length without an error, and the transfer length, from
// which residuals count, is what the command would have sent.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Status } from '../../../src/scsi/status.ts';
import { run } from '../../support/scsi-call.ts';

const INQUIRY_LENGTH = 74;

test('an allocation length beyond the data leaves the data whole', async () => {
  const { result, dataIn, transferLength } = await run([0x12, 0, 0, 1, 0, 0]);
  assert.equal(result.status, Status.good);
  assert.equal(dataIn.length, INQUIRY_LENGTH);
  assert.equal(transferLength, INQUIRY_LENGTH);
});

test('a shorter allocation length truncates the data and changes nothing else', async () => {
  const { dataIn: whole } = await run([0x12, 0, 0, 1, 0, 0]);
  for (let length = 0; length <= INQUIRY_LENGTH; length++) {
    const { result, dataIn, transferLength } = await run([0x12, 0, 0, 0, length, 0]);
    assert.equal(result.status, Status.good);
    assert.equal(transferLength, length);
    assert.deepEqual(dataIn, whole.subarray(0, length));
  }
});

test('an initiator that expects less gets less; the transfer length shows the overflow', async () => {
  const { dataIn, transferLength } = await run([0x12, 0, 0, 0, 36, 0], { dataInExpected: 5 });
  assert.equal(dataIn.length, 5);
  assert.equal(transferLength, 36);
});
