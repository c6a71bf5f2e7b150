// Proves that a bounded wait ends with its promise or at its bound, and leaves no timer behind.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { within } from '../../../src/base/clock.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

test('what comes in time is handed on, a rejection too, and the timer is cancelled', async () => {
  const clock = new VirtualClock();
  assert.equal(await within(clock, 1_000, Promise.resolve('here')), 'here');
  await assert.rejects(within(clock, 1_000, Promise.reject(new Error('no'))), /no/);
  assert.equal(clock.pending, 0);
});

test('what does not come is undefined at the bound, not before', async () => {
  const clock = new VirtualClock();
  const results: unknown[] = [];
  void within(clock, 1_000, new Promise(() => {})).then((result) => results.push(result));
  await clock.advance(999);
  await settle();
  assert.deepEqual(results, []);
  await clock.advance(1);
  await settle();
  assert.deepEqual(results, [undefined]);
  assert.equal(clock.pending, 0);
});
