// What initiators do to a logical unit beside reading and writing it: one gateway keeps all of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeed, type SeedResult } from '../../sim/run-seed.ts';
import type { StoreKind } from '../../sim/world.ts';
import { worldEvents } from '../../sim/world-events.ts';

const SEEDS = 8;
const STORES: readonly StoreKind[] = ['ceph', 'embedded'];

for (const store of STORES) {
  test(`one gateway keeps them: ${store}`, { timeout: 300_000 }, async () => {
    const seen = new Set<string>();
    let attentions = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result: SeedResult = await runSeed(seed, { store, gateways: 1 });
      if (result.failure !== undefined) throw new Error(`seed ${seed}`, { cause: result.failure });
      attentions += result.attentions;
      for (const event of result.unitEvents.keys()) seen.add(event);
    }
    assert.ok(attentions > 0);
    assert.deepEqual([...seen].sort(), [...worldEvents].sort());
  });
}
