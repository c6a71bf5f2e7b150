// Proves that some hundred connections that never send a whole Login Request cost little memory,
// hold up neither those who work nor those who log in, and are closed in time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Initiator } from '../initiator/initiator.ts';
import { Demo, demoTargetName } from '../support/demo.ts';
import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';
import { waitFor } from '../support/wait-for.ts';
import { SilentConnections } from './silent-connections.ts';
import { Witness } from './witness.ts';

const COUNT = 600;
const WITNESSES = 4;
/** Of each witness while the silent ones are there, for 15 s and more. */
const ANSWERS_MIN = 10;
const GROWTH_BYTES_MAX = 96 * 1024 * 1024;

test('silent connections', async (t) => {
  const random = new SeededRandom(seedOfRun());
  t.diagnostic(`seed ${random.seed}`);
  await using demo = await Demo.start();
  const witness = await Witness.start(demo, 0, WITNESSES);
  const silent = new SilentConnections(demo.address(0), demoTargetName, random);
  await silent.open(COUNT);
  const { openNow } = silent;
  const before = witness.commands;
  const growth = witness.rssGrowthBytes;
  const late = await Initiator.connect({ ...demo.address(0), targetName: demoTargetName });
  await late.nop();
  await late.logout();
  await waitFor('the target closes them', () => silent.openNow === 0);
  const answers = witness.commands - before;
  const seen = await witness.finish();
  t.diagnostic(JSON.stringify({ openNow, growth, ...silent.stop(), ...seen }));
  assert.ok(growth < GROWTH_BYTES_MAX, `${growth} bytes more`);
  assert.ok(answers > WITNESSES * ANSWERS_MIN, `the witnesses had ${answers} answers`);
});
