// Proves that the other gateway serves on while one is stopped with SIGSTOP at a random moment
// under write load, and that nothing acknowledged is lost. `bench/soak/sigstop.ts` measures how
// long a write waits then, on a machine at rest.

import { test } from 'node:test';
import { Demo } from '../support/demo.ts';
import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';
import { sigstopRoundsGoneOn } from './sigstop-rounds.ts';

test('a stopped gateway does not hold up the other', async (t) => {
  const random = new SeededRandom(seedOfRun());
  t.diagnostic(`seed ${random.seed}`);
  await using demo = await Demo.start();
  const rounds = await sigstopRoundsGoneOn({ demo, rounds: 4, random });
  for (const round of rounds) t.diagnostic(JSON.stringify(round));
});
