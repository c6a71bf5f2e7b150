// Proves that no sequence of PDUs, sound or mutated, breaks a session in memory: answers keep the
// rules of RFC 7143, the command window closes and opens whole, and however it ends every buffer,
// timer and command is given back. ALLPATH_FUZZ_RUNS counts PDUs; ALLPATH_SEED repeats one session.
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';
import { fuzzSession } from './session-fuzz.ts';

const inputsMin = Number(process.env['ALLPATH_FUZZ_RUNS'] ?? 4000);

async function runSeed(seed: number): Promise<number> {
  try {
    return await fuzzSession(seed);
  } catch (error) {
    throw new Error(`session of seed ${seed}: ${(error as Error).message}`, { cause: error });
  }
}

test('sessions that once broke a rule keep it', async () => {
  const corpus = new URL('corpus/session-seeds.json', import.meta.url);
  for (const seed of JSON.parse(readFileSync(corpus, 'utf8')) as number[]) await runSeed(seed);
});

test('random sessions keep the rules and leave nothing behind', async (t) => {
  const only = seedOfRun();
  if (only !== undefined) {
    await runSeed(only);
    return;
  }
  const first = new SeededRandom().seed;
  let inputs = 0;
  let sessions = 0;
  for (; inputs < inputsMin; sessions++) inputs += await runSeed((first + sessions) >>> 0);
  t.diagnostic(`${inputs} PDUs in ${sessions} sessions from seed ${first}`);
});
