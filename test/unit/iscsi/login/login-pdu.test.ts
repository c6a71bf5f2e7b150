import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';

import { readLoginRequest, writeLoginReply } from '../../../../src/iscsi/login/login-pdu.ts';

test('a Login Request reads as its bytes say', () => {
  // Proves: golden header: transit from stage 1 to 3, ISID, TSIH, CID, at an offset.
  const bytes = Buffer.from(`ff4387010000000000${'8000023d0001'}000900000001000500000000`, 'hex');
  assert.deepEqual(readLoginRequest(Buffer.concat([bytes, Buffer.alloc(30)]), 1), {
    transit: true,
    continue: false,
    currentStage: 1,
    nextStage: 3,
    versionMax: 1,
    versionMin: 0,
    isid: '8000023d0001',
    tsih: 9,
    cid: 5,
  });
});

test('a Login Response carries status, stage and session', () => {
  // Proves: golden header: what the login decides, and nothing else, is written.
  const bytes = new Uint8Array(50);
  writeLoginReply(
    bytes,
    1,
    {
      transit: true,
      currentStage: 1,
      nextStage: 3,
      tsih: 0x1234,
      status: 0x020a,
      text: new Uint8Array(0),
    },
    Uint8Array.of(1, 2, 3, 4, 5, 6),
  );
  assert.equal(
    Buffer.from(bytes).toString('hex'),
    `0000870000${'00000000'}0102030405061234${'00'.repeat(20)}020a${'00'.repeat(11)}`,
  );
});
