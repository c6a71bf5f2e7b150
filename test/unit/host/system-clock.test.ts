// Proves that the machine's clock is the time since boot, as the kernel tells it, and never goes
// back.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { systemClock } from '../../../src/host/system-clock.ts';
import { mustRun } from '../../support/run.ts';

/** Milliseconds since boot: /proc/uptime is CLOCK_BOOTTIME in hundredths of a second (proc(5)). */
function uptimeMs(): number {
  return Number(readFileSync('/proc/uptime', 'ascii').split(' ')[0]) * 1_000;
}

test('now is the time since boot, the sleep of the machine included', () => {
  const before = uptimeMs();
  const now = systemClock.now();
  const after = uptimeMs();
  assert.ok(before <= now && now <= after + 10, `${before} <= ${now} <= ${after} + 10`);
});

test('on a machine that has slept, now counts the sleep', async () => {
  // A time namespace whose CLOCK_BOOTTIME is ahead looks as if the machine had slept so long.
  const sleptSeconds = 1_000_000;
  const module = new URL('../../../src/host/system-clock.ts', import.meta.url).href;
  const program = `console.log((await import('${module}')).systemClock.now())`;
  // Root needs no user namespace, which a chroot forbids.
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const namespace = [...user, '--time', '--boottime', `${sleptSeconds}`, '--fork'];
  const command = [...namespace, process.execPath, '-e', program];
  const before = systemClock.now() + sleptSeconds * 1_000;
  const told = Number(await mustRun('unshare', command));
  const after = systemClock.now() + sleptSeconds * 1_000;
  assert.ok(before <= told && told <= after, `${before} <= ${told} <= ${after}`);
});

test('now never goes back, and has fractions', () => {
  let last = systemClock.now();
  let hasFraction = false;
  for (let i = 0; i < 10_000; i++) {
    const now = systemClock.now();
    assert.ok(now >= last, `${now} after ${last}`);
    hasFraction ||= !Number.isInteger(now);
    last = now;
  }
  assert.ok(hasFraction);
});
