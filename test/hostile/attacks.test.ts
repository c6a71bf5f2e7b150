// Proves that attacks of every kind end no well-behaved session, keep nobody out, cost no gateway
// its life or much memory, and corrupt nothing. `bench/soak/hostile.ts` is the long form, which
// checks latencies too.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Demo } from '../support/demo.ts';
import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';
import { attacks } from './attacks/attacks.ts';
import { BATTLE_DISK, battle } from './attacks/battle.ts';

const RSS_BYTES_MAX = 512 * 1024 * 1024;
/** Floods of single commands are for the long form; here one flood mixes them. */
const SHORT_FORM_LAST = 'mixed commands';
const shortForm = attacks.slice(0, 1 + attacks.findIndex(({ name }) => name === SHORT_FORM_LAST));

let demo: Demo;
before(async () => {
  demo = await Demo.start({ size: BATTLE_DISK });
});
after(async () => {
  await demo.stop();
});

for (const { name, does } of shortForm) {
  test(`${name}: ${does}`, async (t) => {
    const random = new SeededRandom(seedOfRun());
    t.diagnostic(`seed ${random.seed}`);
    const report = await battle({
      ...{ demo, attack: name, seed: random.seed, quietMs: 0, attackMs: 1000 },
      ...{ goodSessions: 4, attackSessions: 16, depth: 4, thinkMs: 20 },
    });
    t.diagnostic(JSON.stringify(report));
    assert.deepEqual(report.reasons, []);
    assert.equal(report.drops, 0);
    assert.equal(report.ended, 0, 'a gateway ended');
    assert.equal(report.corrupt, 0);
    assert.ok(report.attacked.commandsMin > 0, 'a well-behaved session did nothing');
    assert.ok(report.tally.requests > 0, 'nothing was attacked');
    assert.ok(report.rssMaxBytes < RSS_BYTES_MAX, `${report.rssMaxBytes} bytes resident`);
  });
}
