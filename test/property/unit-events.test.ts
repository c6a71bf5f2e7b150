// Proves, over random faults, that every gateway that may still act enforces what is answered of a
// logical unit. ALLPATH_SEED repeats one run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runUnitsChaos } from '../support/units-chaos.ts';

const SEEDS = 60;
const given = process.env['ALLPATH_SEED'];
const first = given === undefined ? 1 : Number(given);
const count = given === undefined ? SEEDS : 1;

test(`${count} random lives of a logical unit at several gateways, from seed ${first}`, async (t) => {
  let answered = 0;
  for (let seed = first; seed < first + count; seed++) answered += await runUnitsChaos(seed);
  t.diagnostic(`${answered} changes were answered`);
  assert.ok(answered >= count * 5, 'most changes are answered, whatever happens');
});
