// Proves that on RBD the other gateways serve on within 2 s while one is stopped with SIGSTOP at a
// random moment under write load, shorter than it takes to be fenced and longer; that nothing
// acknowledged is lost; and that the stopped one serves again when it is continued.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sigstopRounds } from '../fault/sigstop-rounds.ts';
import { demoAt } from '../support/demo-place.ts';
import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';

const OTHER_MAX_MS = 2000;

test('a stopped gateway holds up the others for no more than 2 s', async (t) => {
  const random = new SeededRandom(seedOfRun());
  t.diagnostic(`seed ${random.seed}`);
  await using place = await demoAt(1, { gateways: 2 });
  const short = { demo: place.demo, rounds: 2, random, pauseMaxMs: 3000 };
  const long = { demo: place.demo, rounds: 1, random, pauseMinMs: 6000, pauseMaxMs: 7000 };
  for (const round of [...(await sigstopRounds(short)), ...(await sigstopRounds(long))]) {
    t.diagnostic(JSON.stringify(round));
    assert.ok(round.otherWorstMs <= OTHER_MAX_MS, `a wait of ${round.otherWorstMs} ms`);
  }
});
