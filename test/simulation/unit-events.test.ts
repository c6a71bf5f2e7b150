// What initiators do to a logical unit beside reading and writing it: one gateway keeps all of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventsOfSeeds } from '../../sim/initiator/unit-events.ts';
import { runSeed, type SeedResult } from '../../sim/run-seed.ts';
import type { StoreKind } from '../../sim/world.ts';

const SEEDS = 8;
const STORES: readonly StoreKind[] = ['ceph', 'embedded'];

for (const store of STORES) {
  test(`one gateway keeps them: ${store}`, { timeout: 300_000 }, async () => {
    const events = eventsOfSeeds;
    let attentions = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result: SeedResult = await runSeed(seed, { store, gateways: 1, events });
      if (result.failure !== undefined) throw new Error(`seed ${seed}`, { cause: result.failure });
      attentions += result.attentions;
    }
    assert.ok(attentions > 0);
  });
}
