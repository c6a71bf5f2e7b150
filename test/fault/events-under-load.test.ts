// Proves that events through four gateways, under load from 8 sessions, all end, with each
// status and each unit attention as it must be, and that nothing acknowledged is lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoAt } from '../support/demo-place.ts';
import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';
import { eventKinds } from './event-kinds.ts';
import { eventsUnderLoad } from './events-under-load.ts';

for (const kind of Object.keys(eventKinds)) {
  test(`events under load: ${kind}`, async (t) => {
    const random = new SeededRandom(seedOfRun());
    t.diagnostic(`seed ${random.seed}`);
    await using place = await demoAt(0, { gateways: 4 });
    const { timesMs, ...summary } = await eventsUnderLoad({ place, random, kind, seconds: 1.5 });
    t.diagnostic(JSON.stringify({ ...summary, worstMs: Math.max(...timesMs) }));
    assert.ok(timesMs.length > 1, 'events were made');
    assert.ok(summary.acknowledged > 0, 'writes were acknowledged');
  });
}

test('events under load, and a gateway killed', async (t) => {
  const random = new SeededRandom(seedOfRun());
  t.diagnostic(`seed ${random.seed}`);
  await using place = await demoAt(0, { gateways: 4 });
  const { timesMs, ...summary } = await eventsUnderLoad({
    ...{ place, random, kind: 'reset', seconds: 3, fault: 'kill', faultEveryMs: 500 },
  });
  t.diagnostic(JSON.stringify({ ...summary, worstMs: Math.max(...timesMs) }));
  assert.ok(summary.faults > 0 && summary.lostSessions > 0, 'a gateway was killed');
});
