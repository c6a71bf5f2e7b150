// A gap of the event loop is found by whoever asks first, and ends by what was confirmed after it;
// without an answer of the monitors, a gateway is cut off when three witnesses at least are silent
// while it could have heard them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STALL_MAX_MS } from '../../../src/membership/limits.ts';
import { StallDetector } from '../../../src/membership/stall-detector.ts';
import { PausableClock } from '../../support/pausable-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function start() {
  const time = new VirtualClock();
  const clock = new PausableClock(time);
  const seen = { gaps: 0, cuts: 0, stalls: 0, agesMs: [0, 0, 0] as number[], leaseEndMs: 0 };
  const stallDetector = new StallDetector({
    clock,
    witnessAgesMs: () => seen.agesMs,
    heartbeatAgeMs: () => 0,
    onGap: () => {
      seen.gaps += 1;
    },
    isFenced: () => new Promise(() => {}),
    onOver: (reason) => {
      if (reason === 'stalled') seen.stalls += 1;
      else seen.cuts += 1;
      stallDetector.stop();
    },
    onAlive: (untilMs) => {
      seen.leaseEndMs = untilMs;
    },
  });
  stallDetector.start();
  const pause = async (lengthMs: number): Promise<void> => {
    clock.pause();
    await time.advance(lengthMs);
  };
  return { time, clock, stallDetector, seen, pause };
}

test('without a gap it may act', async () => {
  const { time, stallDetector, seen } = start();
  for (let i = 0; i < 100; i++) {
    await time.advance(77);
    assert.equal(stallDetector.mayAct(), true);
  }
  assert.deepEqual([seen.gaps, seen.cuts], [0, 0]);
});

test('after a gap it may not, whether it asks before its timers run or after', async () => {
  for (const asksFirst of [true, false]) {
    const { time, clock, stallDetector, seen, pause } = start();
    await time.advance(10_000);
    await pause(1_100);
    if (asksFirst) assert.equal(stallDetector.mayAct(), false);
    clock.resume();
    assert.equal(stallDetector.mayAct(), false);
    await time.advance(5_000);
    assert.equal(stallDetector.mayAct(), false, 'time alone confirms nothing');
    assert.equal(seen.gaps, 1);
    stallDetector.confirmed(stallDetector.gaps);
    assert.equal(stallDetector.mayAct(), true);
  }
});

test('what was begun before a second gap confirms nothing', async () => {
  const { time, clock, stallDetector, pause } = start();
  await time.advance(1_000);
  await pause(2_000);
  clock.resume();
  const { gaps } = stallDetector;
  await pause(2_000);
  clock.resume();
  stallDetector.confirmed(gaps);
  assert.equal(stallDetector.mayAct(), false);
  stallDetector.confirmed(stallDetector.gaps);
  assert.equal(stallDetector.mayAct(), true);
});

test('three silent witnesses are a cut; two, or one that is heard of, are none', async () => {
  for (const [agesMs, isCut] of [
    [[3_000, 3_000, 3_000], true],
    [[9_000, 3_000, 4_000, 5_000], true],
    [[9_000, 9_000], false],
    [[9_000, 9_000, 2_999], false],
    [[], false],
  ] as const) {
    const { time, seen } = start();
    await time.advance(10_000);
    seen.agesMs = [...agesMs];
    await time.advance(250);
    assert.equal(seen.cuts > 0, isCut, `${agesMs}`);
  }
});

test('a gap of 4 s or more ends the incarnation before anything is done; less does not', async () => {
  for (const [lengthMs, isOver] of [
    [3_999, false],
    [STALL_MAX_MS, true],
    [3_600_000, true],
  ] as const) {
    for (const asksFirst of [true, false]) {
      const { time, clock, stallDetector, seen, pause } = start();
      await time.advance(10_000);
      await pause(lengthMs);
      assert.equal(time.now() >= seen.leaseEndMs, isOver, 'the lease is over when the gap is');
      if (asksFirst) assert.equal(stallDetector.mayAct(), false);
      clock.resume();
      assert.equal(stallDetector.mayAct(), false);
      assert.deepEqual([seen.stalls, seen.gaps], isOver ? [1, 0] : [0, 1]);
      stallDetector.confirmed(stallDetector.gaps);
      await time.advance(10_000);
      assert.equal(seen.leaseEndMs > time.now(), !isOver, 'one that is over renews no lease');
      assert.equal(seen.stalls, isOver ? 1 : 0);
    }
  }
});

test('silence does not count while the gateway stood still', async () => {
  const { time, clock, seen, pause } = start();
  await time.advance(10_000);
  await pause(3_900);
  seen.agesMs = [20_000, 20_000, 20_000];
  clock.resume();
  await time.advance(2_750);
  assert.equal(seen.cuts, 0);
  await time.advance(500);
  assert.ok(seen.cuts > 0);
});
