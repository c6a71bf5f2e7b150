// Proves that nothing acknowledged is lost when a gateway is killed under write load from several
// initiators that fail over, and that the killed gateway comes back and serves.
// `bench/soak/failover.ts` measures how soon, on a machine at rest.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Demo } from '../support/demo.ts';
import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';
import { failoverRounds } from './failover-rounds.ts';

test('kill -9 of a gateway under load loses nothing acknowledged', async (t) => {
  const random = new SeededRandom(seedOfRun());
  t.diagnostic(`seed ${random.seed}`);
  await using demo = await Demo.start();
  const rounds = await failoverRounds({ demo, rounds: 3, random });
  for (const round of rounds) t.diagnostic(JSON.stringify(round));
  assert.ok(rounds.some(({ retried }) => retried > 0));
});
