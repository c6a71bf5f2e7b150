// Planted errors are found: the checkers see what they break. Of the faults those are switched on
// that the error is about, if few seeds would not find it among all of them; those that take many
// seeds are found by `npm run simulate -- --planted each`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PlantedError, plantedErrors } from '../../sim/planted-errors.ts';
import { runSeed, type SeedOptions } from '../../sim/run-seed.ts';
import { Violation } from '../../sim/violation.ts';

const SEEDS_MAX = 500;
const optionsOf: Partial<Readonly<Record<PlantedError, SeedOptions>>> = {
  noBarrier: { kinds: ['cutCluster', 'deafOsd'], events: [] },
  pausedSocketsRead: { kinds: ['pauseAll'] },
  notEnded: { store: 'embedded', kinds: ['pause'] },
  earlyAcknowledgement: { kinds: ['slowOsd'] },
  eventNotApplied: {},
  answeredEarly: {},
  slotOverwritten: {},
  attentionLost: {},
  toldTwice: {},
  askerTold: {},
};

for (const planted of Object.keys(optionsOf) as PlantedError[]) {
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
