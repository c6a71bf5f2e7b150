// Proves that on RBD the others serve on while one gateway is stopped with SIGSTOP at a random
// moment under write load, for less time than it takes to be fenced; that nothing acknowledged is
// lost, also when it is fenced; and that the stopped one serves again when it is continued.

import { test } from 'node:test';
import { sigstopRounds, sigstopRoundsGoneOn } from '../fault/sigstop-rounds.ts';
import { demoAt } from '../support/demo-place.ts';
import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';

test('a stopped gateway does not hold up the others', async (t) => {
  const random = new SeededRandom(seedOfRun());
  t.diagnostic(`seed ${random.seed}`);
  await using place = await demoAt(1, { gateways: 2 });
  const { demo } = place;
  const short = await sigstopRoundsGoneOn({ demo, rounds: 2, random });
  const long = { demo, rounds: 1, random, pauseMinMs: 6000, pauseMaxMs: 7000 };
  for (const round of [...short, ...(await sigstopRounds(long))]) {
    t.diagnostic(JSON.stringify(round));
  }
});
