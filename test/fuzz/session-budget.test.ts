// Proves that the memory of commands is counted right whatever sessions do beside each other: the
// count never drifts, never exceeds the gateway's bound, lets every command end, and is zero when
// the sessions are over. ALLPATH_FUZZ_RUNS counts moves; ALLPATH_SEED repeats one walk.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';
import { type BudgetWalkReport, walkBudget } from './budget-walk.ts';

const movesMin = Number(process.env['ALLPATH_FUZZ_RUNS'] ?? 1600);
/** Of one walk: enough for many sessions to come, to crowd each other, and to go. */
const WALK_MOVES = 400;

async function runSeed(seed: number): Promise<BudgetWalkReport> {
  try {
    return await walkBudget(seed, WALK_MOVES);
  } catch (error) {
    throw new Error(`walk of seed ${seed}: ${(error as Error).message}`, { cause: error });
  }
}

test('random walks of many sessions keep the data budget', async (t) => {
  const only = seedOfRun();
  if (only !== undefined) {
    t.diagnostic(JSON.stringify(await runSeed(only)));
    return;
  }
  const first = new SeededRandom().seed;
  let commands = 0;
  let survivors = 0;
  let countedMaxBytes = 0;
  let moves = 0;
  for (let walk = 0; moves < movesMin; walk++, moves += WALK_MOVES) {
    const report = await runSeed((first + walk) >>> 0);
    commands += report.commands;
    survivors += report.survivors;
    countedMaxBytes = Math.max(countedMaxBytes, report.countedMaxBytes);
  }
  t.diagnostic(`${moves} moves, ${commands} commands, ${survivors} survivors, seed ${first}`);
  t.diagnostic(`up to ${countedMaxBytes} bytes counted`);
  assert.ok(commands > 0 && survivors > 0, 'commands were sent, and sessions lived to the end');
});
