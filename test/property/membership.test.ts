// Under random kills, stops, cuts, silent stores and monitors, and fences asked for crosswise: no
// name is open twice, a finished fence is known to all, no fenced write is seen to land, who was
// fenced while it was stopped does nothing more, and in the end all serve again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chaos } from '../support/membership-chaos.ts';
import { seedOfRun } from '../support/seeded-random.ts';

const RUNS = 12;
const LENGTH_MS = 60_000;
const NAMES = ['a', 'b', 'c', 'd'];

test('members keep their laws under random faults', { timeout: 300_000 }, async (t) => {
  const given = seedOfRun();
  const total = { fences: 0, changes: 0, landed: 0, refused: 0, closed: 0 };
  for (let run = 0; run < (given === undefined ? RUNS : 1); run++) {
    const seed = given ?? (Math.random() * 2 ** 31) >>> 0;
    try {
      const result = await new Chaos(seed, NAMES.slice(0, 2 + (seed % 3))).run(LENGTH_MS);
      for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += result[key];
    } catch (cause) {
      throw new Error(`ALLPATH_SEED=${seed}`, { cause });
    }
  }
  t.diagnostic(JSON.stringify(total));
  if (given === undefined) assert.ok(total.fences > 0 && total.refused > 0 && total.landed > 0);
});
