// Each planted error is found: the checkers see what it breaks. Of the faults those are switched on
// that the error is about; `npm run simulate -- --planted ERROR` finds it among all of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PlantedError, plantedErrors } from '../../sim/planted-errors.ts';
import { runSeed, type SeedOptions } from '../../sim/run-seed.ts';
import { Violation } from '../../sim/violation.ts';

const SEEDS_MAX = 500;
const optionsOf: Readonly<Record<PlantedError, SeedOptions>> = {
  noBarrier: { kinds: ['cutCluster', 'deafOsd'] },
  pausedSocketsRead: { kinds: ['pauseAll'] },
  notEnded: { store: 'embedded', kinds: ['pause'] },
  earlyAcknowledgement: { kinds: ['slowOsd'] },
  eventNotApplied: { kinds: ['cutInitiator'], events: ['logicalUnitReset', 'modeSelect'] },
};

for (const planted of Object.keys(plantedErrors) as PlantedError[]) {
  test(`found: ${plantedErrors[planted]}`, { timeout: 1_200_000 }, async (t) => {
    for (let seed = 1; seed <= SEEDS_MAX; seed++) {
      const { failure } = await runSeed(seed, { planted, ...optionsOf[planted] });
      if (failure === undefined) continue;
      t.diagnostic(`seed ${seed}`);
      assert.ok(failure instanceof Violation, String(failure));
      return;
    }
    assert.fail('not found');
  });
}
