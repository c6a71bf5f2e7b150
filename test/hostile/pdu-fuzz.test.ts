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
const WITNESS_WORST_MS = 2000;
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
    assert.ok(seen.worstMs < WITNESS_WORST_MS, `a witness waited ${seen.worstMs} ms`);
    assert.ok(seen.rssGrowthBytes < RSS_GROWTH_BYTES_MAX, `${seen.rssGrowthBytes} bytes more`);
  });
}
