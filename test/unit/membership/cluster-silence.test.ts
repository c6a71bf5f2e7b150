// Silent witnesses alone are no cut while the monitors answer that this gateway is not fenced: it
// waits within a bound. Without their answer it is cut off in 3 s, and by a fence it is closed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterSilence } from '../../../src/membership/cluster-silence.ts';
import {
  CLUSTER_SILENCE_MAX_MS,
  MONITOR_ASK_AFTER_MS,
  MONITOR_SILENCE_MAX_MS,
  WITNESS_SILENCE_MAX_MS,
} from '../../../src/membership/limits.ts';
import type { ClosedReason } from '../../../src/membership/membership.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const STEP_MS = 250;

type Answer = 'fenced' | 'not fenced' | 'refused' | 'none';

function start(answer: (silentMs: number) => Answer, what: 'all' | 'membersObject' = 'all') {
  const clock = new VirtualClock();
  const startMs = clock.now();
  const asked: number[] = [];
  let [open, openMost] = [0, 0];
  const silence = new ClusterSilence({
    clock,
    witnessAgesMs: () => Array<number>(3).fill(what === 'all' ? clock.now() - startMs : 0),
    heartbeatAgeMs: () => clock.now() - startMs,
    isFenced: () => {
      asked.push(clock.now() - startMs);
      open += 1;
      openMost = Math.max(open, openMost);
      return new Promise((resolve, reject) => {
        const given = answer(clock.now() - startMs);
        if (given === 'none') return;
        clock.after(1, () => {
          open -= 1;
          if (given === 'refused') reject(new Error('refused'));
          else resolve(given === 'fenced');
        });
      });
    },
  });
  const run = async (): Promise<{ over: ClosedReason | undefined; afterMs: number }> => {
    for (;;) {
      await clock.advance(STEP_MS);
      const over = silence.check(startMs);
      const afterMs = clock.now() - startMs;
      if (over !== undefined) return { over, afterMs };
      if (afterMs > CLUSTER_SILENCE_MAX_MS) return { over, afterMs };
    }
  };
  return { run, asked, openMost: () => openMost };
}

test('monitors that give no answer, or refuse one, clear nobody', async () => {
  for (const answer of ['none', 'refused'] as const) {
    const { run, openMost } = start(() => answer);
    assert.deepEqual(await run(), { over: 'cut', afterMs: WITNESS_SILENCE_MAX_MS });
    assert.equal(openMost(), 1, 'one question at a time');
  }
});

test('as long as they answer that it is not fenced it waits, within the bound', async () => {
  const { run, asked } = start(() => 'not fenced');
  assert.deepEqual(await run(), { over: 'cut', afterMs: CLUSTER_SILENCE_MAX_MS });
  assert.equal(asked[0], MONITOR_ASK_AFTER_MS);
});

test('when they fall silent later it is cut off soon', async () => {
  const lastMs = 10_000;
  const { run } = start((silentMs) => (silentMs <= lastMs ? 'not fenced' : 'none'));
  assert.deepEqual(await run(), { over: 'cut', afterMs: lastMs + MONITOR_SILENCE_MAX_MS });
});

test('a fence that they tell of is the end at once', async () => {
  const fencedMs = 5_000;
  const { run } = start((silentMs) => (silentMs < fencedMs ? 'not fenced' : 'fenced'));
  assert.deepEqual(await run(), { over: 'closed', afterMs: fencedMs + STEP_MS });
});

test('a fence is found by the monitors when the members object alone is silent', async () => {
  const fencedMs = 5_000;
  const answer = (silentMs: number) => (silentMs < fencedMs ? 'not fenced' : 'fenced');
  const { run, asked } = start(answer, 'membersObject');
  assert.deepEqual(await run(), { over: 'closed', afterMs: fencedMs + STEP_MS });
  assert.equal(asked[0], MONITOR_ASK_AFTER_MS);
});

test('a members object that alone is silent is no cut', async () => {
  for (const answer of ['none', 'refused', 'not fenced'] as const) {
    assert.equal((await start(() => answer, 'membersObject').run()).over, undefined);
  }
});
