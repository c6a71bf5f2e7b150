// Proves that an event that repeats, whoever causes it, writes a bounded number of lines, that no
// repetition goes uncounted, and that one noisy kind does not silence another.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogLimiter } from '../../../src/log/log-limiter.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const LINE = { waitMs: 1 };
const LIMITS = { intervalMs: 60_000, linesMax: 3, kindsMax: 4, totalMax: 12 };

function bench() {
  const clock = new VirtualClock();
  const log = new RecordingLog();
  return { clock, log, limiter: new LogLimiter(clock, log, LIMITS) };
}

test('the first lines of an interval are written, the others are counted at its end', async () => {
  const { clock, log, limiter } = bench();
  for (let i = 0; i < 1_000; i++) limiter.write('restart_planned', { waitMs: i }, '192.0.2.1');
  assert.deepEqual(
    log.lines.map(({ fields }) => fields.waitMs),
    [0, 1, 2],
  );
  await clock.advance(LIMITS.intervalMs);
  assert.equal(log.lines.length, 4);
  const { level, event, fields } = log.lines[3]!;
  assert.deepEqual([level, event], ['info', 'restart_planned']);
  assert.deepEqual(fields, { waitMs: 3, count: 997, seconds: 60 });
  assert.equal(clock.pending, 0);
  limiter.write('restart_planned', LINE, '192.0.2.1');
  assert.equal(log.lines.length, 5, 'the next interval begins');
});

test('a quiet kind leaves no timer and is written again after its interval', async () => {
  const { clock, log, limiter } = bench();
  for (let i = 0; i < 3; i++) limiter.write('restart_planned', LINE, 'a');
  assert.equal(clock.pending, 0);
  await clock.advance(LIMITS.intervalMs);
  limiter.write('restart_planned', LINE, 'a');
  assert.equal(log.lines.length, 4);
});

test('kinds without number share one limit, and do not silence those known before', async () => {
  const { clock, log, limiter } = bench();
  limiter.write('restart_planned', LINE, 'known');
  for (let i = 0; i < 10_000; i++) limiter.write('restart_planned', LINE, `address ${i}`);
  limiter.write('restart_planned', LINE, 'known');
  const most = (LIMITS.kindsMax + 1) * LIMITS.linesMax;
  assert.ok(log.lines.length <= most, `${log.lines.length} lines`);
  await clock.advance(LIMITS.intervalMs);
  const counted = log.lines.reduce((sum, { fields }) => sum + Number(fields.count ?? 1), 0);
  assert.equal(counted, 10_002);
});

test('closing says what was left out, and leaves no timer', async () => {
  const { clock, log, limiter } = bench();
  for (let i = 0; i < 10; i++) limiter.write('restart_planned', LINE, 'a');
  await clock.advance(2_000);
  limiter.close();
  const { event, fields } = log.lines.at(-1)!;
  assert.deepEqual([event, fields], ['restart_planned', { ...LINE, count: 7, seconds: 2 }]);
  assert.equal(clock.pending, 0);
});

test('all kinds together are bounded too, and each is counted', async () => {
  const { clock, log, limiter } = bench();
  for (let i = 0; i < 1_000; i++)
    limiter.write('restart_planned', LINE, `kind ${i % LIMITS.kindsMax}`);
  for (let i = 0; i < 1_000; i++) limiter.write('restart_planned', LINE, `more ${i}`);
  assert.equal(log.lines.length, LIMITS.totalMax);
  await clock.advance(LIMITS.intervalMs);
  const counted = log.lines.reduce((sum, { fields }) => sum + Number(fields.count ?? 1), 0);
  assert.equal(counted, 2_000);
});
