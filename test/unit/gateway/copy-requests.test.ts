// Proves that a gateway learns from the others which copies they know.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/base/failure.ts';
import { encodeAnswer } from '../../../src/control/gateway-requests.ts';
import { askForCopy, copyAnswer } from '../../../src/gateway/copy-requests.ts';
import type { CopyReport } from '../../../src/scsi/copy/identified-copies.ts';

const from = { name: 'g', incarnation: 'g1' };
const name = { uuid: 'u', initiator: 'i', listId: 7 };
const report: CopyReport = {
  ...{ beganMs: 1, serviceAction: 0x10, state: 'completed', transferCount: 2 },
  segmentsProcessed: 0,
};

test('what gateways answer is what they know', async () => {
  const reports = [
    report,
    { ...report, token: Uint8Array.of(1, 2) },
    { ...report, sense: Uint8Array.of(0x70, 0) },
  ];
  const payloads = [undefined, ...reports].map((each) => encodeAnswer(copyAnswer(each)));
  const asked: string[] = [];
  const notify = async (_: string, message: Uint8Array) => {
    asked.push(new TextDecoder().decode(message));
    // An earlier release does not understand the question.
    const answers = [...payloads, new Uint8Array(0)].map((payload) => ({ from, payload }));
    return { answers, missing: [] };
  };
  const found = await askForCopy({ notify }, name);
  assert.deepEqual(
    found?.map(({ token, sense, ...rest }) => ({
      ...rest,
      ...(token && { token: new Uint8Array(token) }),
      ...(sense && { sense: new Uint8Array(sense) }),
    })),
    reports,
  );
  assert.deepEqual(asked, ['{"kind":"copy","uuid":"u","initiator":"i","listId":7}']);
});

test('a store that does not answer is told apart from a copy that nobody knows', async () => {
  const notify = async () => {
    throw new Failure('recordsUnavailable', 'silent');
  };
  assert.equal(await askForCopy({ notify }, name), undefined);
});
