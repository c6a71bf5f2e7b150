// Proves that one block is linearizable under COMPARE AND WRITE, WRITE and READ of 16 clients
// through four gateways, while LOGICAL UNIT RESET, ABORT TASK and kills come between: all that was
// seen is what one copy of the block could have shown.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Demo } from '../support/demo.ts';
import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';
import { blockClients } from './block-clients.ts';

test('a block of 16 clients through four gateways is linearizable', async (t) => {
  const random = new SeededRandom(seedOfRun());
  t.diagnostic(`seed ${random.seed}`);
  await using demo = await Demo.start({ gateways: 4 });
  const summary = await blockClients({
    ...{ demo, random, seconds: 4, resetEveryMs: 200, killEveryMs: 1_000 },
  });
  t.diagnostic(JSON.stringify(summary));
  for (const what of ['done', 'miscompare', 'unknown', 'resets', 'aborted', 'kills'] as const) {
    assert.ok(summary[what] > 0, `${what}: none`);
  }
});
