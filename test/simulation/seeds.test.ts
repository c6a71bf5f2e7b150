// Whole gateways of the real code, with initiators that fail over, on a model of a Ceph cluster,
// under pauses, kills, cuts, and slow and stopped daemons: every block is linearizable, nothing
// lands after a fence that was seen finished, and in the end all serve again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultKinds } from '../../sim/fault-table.ts';
import { runSeed } from '../../sim/run-seed.ts';
import { seedOfRun } from '../support/seeded-random.ts';

const SEEDS = 30;

test('no seed breaks an invariant', { timeout: 600_000 }, async (t) => {
  const given = seedOfRun();
  const total = { seeds: 0, operations: 0, fences: 0, lateLandings: 0 };
  const kinds = new Set<string>();
  for (let seed = given ?? 1; seed < (given ?? 1) + (given === undefined ? SEEDS : 1); seed++) {
    const { failure, operations, fences, lateLandings, faults } = await runSeed(seed);
    if (failure !== undefined) {
      const again = `npm run simulate -- --seeds 1 --from ${seed} --trace`;
      throw new Error(`again: ${again}`, { cause: failure });
    }
    total.seeds++;
    total.operations += operations;
    total.fences += fences;
    total.lateLandings += lateLandings;
    for (const kind of faults.keys()) kinds.add(kind);
  }
  t.diagnostic(JSON.stringify(total));
  if (given !== undefined) return;
  assert.deepEqual([...kinds].sort(), [...faultKinds].sort());
  assert.ok(total.fences > 0 && total.operations > 0);
});

test('a seed has the same trace twice, and another seed another one', async () => {
  const digests = [];
  for (const seed of [7, 7, 8]) digests.push((await runSeed(seed)).digest);
  assert.equal(digests[0], digests[1]);
  assert.notEqual(digests[0], digests[2]);
});
