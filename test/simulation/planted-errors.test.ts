// Each planted error is found: the checkers see what it breaks. Of the faults those are switched on
// that the error is about; `npm run simulate -- --planted ERROR` finds it among all of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultKind } from '../../sim/fault-table.ts';
import { type PlantedError, plantedErrors } from '../../sim/planted-errors.ts';
import { runSeed } from '../../sim/run-seed.ts';
import { Violation } from '../../sim/violation.ts';

const SEEDS_MAX = 500;
const kindsOf: Readonly<Record<PlantedError, readonly FaultKind[]>> = {
  noBarrier: ['cutCluster', 'deafOsd'],
  pausedSocketsRead: ['pauseAll'],
  earlyAcknowledgement: ['slowOsd'],
};

for (const planted of Object.keys(plantedErrors) as PlantedError[]) {
  test(`found: ${plantedErrors[planted]}`, { timeout: 1_200_000 }, async (t) => {
    for (let seed = 1; seed <= SEEDS_MAX; seed++) {
      const { failure } = await runSeed(seed, planted, kindsOf[planted]);
      if (failure === undefined) continue;
      t.diagnostic(`seed ${seed}`);
      assert.ok(failure instanceof Violation, String(failure));
      return;
    }
    assert.fail('not found');
  });
}
