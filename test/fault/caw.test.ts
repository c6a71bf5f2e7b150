// Proves that COMPARE AND WRITE from 8 initiators over both gateways on one block loses and doubles
// no update, also when gateways are killed; an outcome lost with its path is resolved by reading.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Demo } from '../support/demo.ts';
import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';
import { cawRounds } from './caw-rounds.ts';

test('a counter of 8 initiators over both gateways is exact', async (t) => {
  const random = new SeededRandom(seedOfRun());
  await using demo = await Demo.start();
  const summary = await cawRounds({ demo, rounds: 1, random, increments: 1000, kills: false });
  t.diagnostic(JSON.stringify(summary));
  assert.ok(summary.miscompares > 0, 'the initiators never met');
});

test('the counter stays exact when gateways are killed', async (t) => {
  const random = new SeededRandom(seedOfRun());
  t.diagnostic(`seed ${random.seed}`);
  await using demo = await Demo.start();
  const summary = await cawRounds({ demo, rounds: 3, random, increments: 300, kills: true });
  t.diagnostic(JSON.stringify(summary));
  assert.ok(summary.total >= 900);
});
