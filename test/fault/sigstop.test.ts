// Proves that the other gateway serves on within 2 s while one is stopped with SIGSTOP at a random
// moment under write load, and that nothing acknowledged is lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Demo } from '../support/demo.ts';
import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';
import { sigstopRounds } from './sigstop-rounds.ts';

const OTHER_MAX_MS = 2000;

test('a stopped gateway holds up the other for no more than 2 s', async (t) => {
  const random = new SeededRandom(seedOfRun());
  t.diagnostic(`seed ${random.seed}`);
  await using demo = await Demo.start();
  const rounds = await sigstopRounds({ demo, rounds: 4, random, pauseMaxMs: 5000 });
  for (const round of rounds) {
    t.diagnostic(JSON.stringify(round));
    assert.ok(round.otherWorstMs <= OTHER_MAX_MS, `a wait of ${round.otherWorstMs} ms`);
  }
});
