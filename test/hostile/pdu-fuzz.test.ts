// Proves that a gateway survives some thousand hostile PDUs before, during and after login: it
// answers only what RFC 7143 allows, hangs nowhere, keeps its memory, and serves others meanwhile.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Demo, demoTargetName } from '../support/demo.ts';
import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';
import { type FuzzKind, fuzzPdus } from './pdu-fuzz.ts';
import { Witness } from './witness.ts';

const INPUTS: Readonly<Record<FuzzKind, number>> = {
  beforeLogin: 2000,
  loginText: 3000,
  afterLogin: 4000,
};
/** For each command of an honest initiator: it shares the gateway with all that is hostile. */
const INPUTS_A_COMMAND_MAX = 500;
const RSS_GROWTH_BYTES_MAX = 150 * 1024 * 1024;

let demo: Demo;
before(async () => {
  demo = await Demo.start();
});
after(async () => {
  await demo.stop();
});

for (const [kind, inputs] of Object.entries(INPUTS) as [FuzzKind, number][]) {
  test(`hostile PDUs, ${kind}`, async (t) => {
    const random = new SeededRandom(seedOfRun());
    t.diagnostic(`seed ${random.seed}`);
    const witness = await Witness.start(demo);
    const address = demo.address(0);
    const report = await fuzzPdus({ address, targetName: demoTargetName, random, inputs, kind });
    const seen = await witness.finish();
    t.diagnostic(JSON.stringify({ ...report, ...seen }));
    assert.ok(report.inputs >= inputs && report.answers > inputs / 100);
    const commandsMin = report.inputs / INPUTS_A_COMMAND_MAX;
    assert.ok(seen.commands > commandsMin, `a witness had ${seen.commands} answers`);
    assert.ok(seen.rssGrowthBytes < RSS_GROWTH_BYTES_MAX, `${seen.rssGrowthBytes} bytes more`);
  });
}
