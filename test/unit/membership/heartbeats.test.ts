// The row of heartbeats: one in flight at a time; only one sent on time and confirmed in time is
// regular; and who waits for the next gets one that was begun after it came.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HeartbeatReport, Heartbeats } from '../../../src/membership/heartbeats.ts';
import { PausableClock } from '../../support/pausable-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function start(takesMs: () => number | undefined = () => 1) {
  const time = new VirtualClock();
  const clock = new PausableClock(time);
  const reports: HeartbeatReport<number>['kind'][] = [];
  const sentMs: number[] = [];
  let flying = 0;
  const row = new Heartbeats<number>({
    clock,
    beat: () => {
      const number = sentMs.push(time.now());
      assert.equal(++flying, 1, 'one at a time');
      const ms = takesMs();
      return new Promise((resolve, reject) => {
        time.after(ms ?? 5, () => {
          flying -= 1;
          if (ms === undefined) reject(new Error('planted'));
          else resolve(number);
        });
      });
    },
    onReport: ({ kind }) => reports.push(kind),
  });
  row.start();
  return { time, clock, row, reports, sentMs };
}

test('one every half second, all regular', async () => {
  const { time, reports, sentMs } = start();
  await time.advance(5_100);
  assert.deepEqual(
    sentMs,
    Array.from({ length: 10 }, (_, i) => 500 * (i + 1)),
  );
  assert.deepEqual(new Set(reports), new Set(['regular']));
});

test('one that is confirmed after more than a second is a gap, and delays the next', async () => {
  let beat = 0;
  const { time, reports } = start(() => (beat++ === 1 ? 1_300 : 1));
  await time.advance(4_000);
  assert.equal(reports[0], 'regular');
  assert.ok(reports.slice(1, 4).includes('gap'));
  assert.equal(reports.at(-1), 'regular');
});

test('one that fails is a gap', async () => {
  let beat = 0;
  const { time, reports } = start(() => (beat++ === 1 ? undefined : 1));
  await time.advance(1_600);
  assert.deepEqual(reports, ['regular', 'gap', 'regular']);
});

test('after a stop the row begins with a gap, and does not make up for what it missed', async () => {
  const { time, clock, reports, sentMs } = start();
  await time.advance(1_100);
  clock.pause();
  await time.advance(10_000);
  clock.resume();
  await time.advance(1_050);
  assert.deepEqual(reports, ['regular', 'regular', 'gap', 'regular', 'regular', 'regular']);
  assert.equal(sentMs.length, 5);
});

test('extra ones are neither regular nor gaps, and disturb the row not', async () => {
  const { time, row, reports } = start(() => 3);
  for (let i = 0; i < 100; i++) {
    row.soon();
    row.soon();
    await time.advance(10);
  }
  await time.advance(50);
  assert.equal(reports.filter((kind) => kind === 'regular').length, 2);
  assert.equal(reports.filter((kind) => kind === 'gap').length, 0);
});

test('who waits gets one that was begun afterwards, also when the first try fails', async () => {
  let beat = 0;
  const { time, row } = start(() => (beat++ === 1 ? undefined : 40));
  await time.advance(510);
  // The first flies, the second fails: the third is the answer to both.
  const waiting = Promise.all([row.next(), row.next()]);
  await time.advance(1_000);
  assert.deepEqual(await waiting, [3, 3]);
  const last = row.next();
  row.stop();
  assert.equal(await last, undefined);
  assert.equal(await row.next(), undefined);
});
