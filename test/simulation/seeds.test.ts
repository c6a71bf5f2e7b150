// Whole gateways of the real code, with initiators that fail over, on a model of a Ceph cluster and
// on the embedded store of one host, under pauses, kills, cuts, twins, fences that are asked for,
// and slow and stopped daemons: every block is linearizable, nothing lands after a fence that was
// seen finished, and in the end all serve again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeed } from '../../sim/run-seed.ts';
import type { StoreKind } from '../../sim/world.ts';
import { seedOfRun } from '../support/seeded-random.ts';

const SEEDS: Readonly<Record<StoreKind, number>> = { ceph: 30, embedded: 15 };

for (const store of Object.keys(SEEDS) as StoreKind[]) {
  test(`no seed breaks an invariant: ${store}`, { timeout: 600_000 }, async (t) => {
    const given = seedOfRun();
    const from = given ?? 1;
    const total = { seeds: 0, operations: 0, fences: 0, selfFences: 0, lateLandings: 0 };
    const kinds = new Map<string, number>();
    for (let seed = from; seed < from + (given === undefined ? SEEDS[store] : 1); seed++) {
      const { failure, faults, ...result } = await runSeed(seed, { store });
      if (failure !== undefined) {
        const again = `npm run simulate -- --store ${store} --seeds 1 --from ${seed} --trace`;
        throw new Error(`again: ${again}`, { cause: failure });
      }
      total.seeds++;
      total.operations += result.operations;
      total.fences += result.fences;
      total.selfFences += result.selfFences;
      total.lateLandings += result.lateLandings;
      for (const [kind, times] of faults) kinds.set(kind, (kinds.get(kind) ?? 0) + times);
    }
    t.diagnostic(JSON.stringify({ ...total, ...Object.fromEntries(kinds) }));
    if (given !== undefined) return;
    for (const [kind, times] of kinds) assert.ok(times > 0, `${kind} never happened`);
    assert.ok(total.fences > 0 && total.operations > 0);
  });
}

test('a seed has the same trace twice, and another seed another one', async () => {
  for (const store of Object.keys(SEEDS) as StoreKind[]) {
    const digests = [];
    for (const seed of [7, 7, 8]) digests.push((await runSeed(seed, { store })).digest);
    assert.equal(digests[0], digests[1]);
    assert.notEqual(digests[0], digests[2]);
  }
});
