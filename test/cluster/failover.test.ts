// Proves that nothing acknowledged is lost on RBD when one of four gateways is killed under write
// load from initiators that fail over, and that it comes back and serves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failoverRounds } from '../fault/failover-rounds.ts';
import { demoAt } from '../support/demo-place.ts';
import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';

test('kill -9 of a gateway under load loses nothing acknowledged', async (t) => {
  const random = new SeededRandom(seedOfRun());
  t.diagnostic(`seed ${random.seed}`);
  await using place = await demoAt(1, { gateways: 4 });
  const rounds = await failoverRounds({ demo: place.demo, rounds: 3, random });
  for (const round of rounds) t.diagnostic(JSON.stringify(round));
  assert.ok(rounds.some(({ retried }) => retried > 0));
});
