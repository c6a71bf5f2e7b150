// Proves that on RBD, where COMPARE AND WRITE is executed by the OSD, counting by 8 initiators over
// two and over four gateways on one block loses and doubles no update, also when gateways are
// killed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cawRounds } from '../fault/caw-rounds.ts';
import { demoAt } from '../support/demo-place.ts';
import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';

test('a counter of 8 initiators over two gateways is exact', async (t) => {
  const random = new SeededRandom(seedOfRun());
  await using place = await demoAt(1, { gateways: 2 });
  const { demo } = place;
  const summary = await cawRounds({ demo, rounds: 1, random, increments: 600, kills: false });
  t.diagnostic(JSON.stringify(summary));
  assert.ok(summary.miscompares > 0, 'the initiators never met');
});

test('a counter over four gateways, also killed ones, on blocks of 4096 bytes', async (t) => {
  const random = new SeededRandom(seedOfRun());
  t.diagnostic(`seed ${random.seed}`);
  await using place = await demoAt(1, { gateways: 4, blocks: 4096 });
  const { demo } = place;
  const rounds = { demo, random, increments: 300, blockLength: 4096 };
  const unhurt = await cawRounds({ ...rounds, rounds: 1, kills: false });
  assert.ok(unhurt.total >= 300, `${unhurt.total} counted`);
  const summary = await cawRounds({ ...rounds, rounds: 2, kills: true });
  t.diagnostic(JSON.stringify(summary));
  assert.ok(summary.total >= 600, `${summary.total} counted`);
});
