// A process that is found stopped at every look for 4 s has been stopped too long, and not before;
// one that is seen running begins again; a gap of the observer's own hides no stop.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoppedMembers } from '../../../src/membership/stopped-members.ts';

const INTERVAL_MS = 500;

function seen(isStopped: boolean) {
  return [
    { name: 'a', incarnation: 'a-1', isStopped: false },
    { name: 'b', incarnation: 'b-1', isStopped },
  ];
}

/** Looks every half second; `stopped` and `blind` get the time. Returns when it was too long. */
function watch(
  stopped: (nowMs: number) => boolean,
  blind: (nowMs: number) => boolean = () => false,
): number | undefined {
  const members = new StoppedMembers();
  for (let nowMs = 0; nowMs < 30_000; nowMs += INTERVAL_MS) {
    if (blind(nowMs)) continue;
    if (members.check(seen(stopped(nowMs)), nowMs).has('b-1')) return nowMs;
  }
  return undefined;
}

test('a stop is too long after 4 s of looks, the ninth of them', () => {
  assert.equal(
    watch((ms) => ms >= 1_000),
    5_000,
  );
});

test('a stop that ends before is none, nor are many of them', () => {
  assert.equal(
    watch((ms) => ms >= 1_000 && ms < 5_000),
    undefined,
  );
  assert.equal(
    watch((ms) => ms % 4_000 !== 0),
    undefined,
  );
});

test('what was found stopped before a gap of the observer goes on to count', () => {
  assert.equal(
    watch(
      (ms) => ms >= 1_000,
      (ms) => ms > 2_000 && ms < 4_000,
    ),
    5_000,
  );
});

test('after a gap a member counts as stopped since the look before it, if three looks agree', () => {
  const blind = (ms: number): boolean => ms > 1_000 && ms < 5_000;
  assert.equal(
    watch((ms) => ms > 1_000, blind),
    6_000,
  );
  assert.equal(
    watch((ms) => ms > 1_000 && ms < 6_000, blind),
    undefined,
    'both were stopped, and this one was continued a little later',
  );
});

test('at the first look of all nobody knows for how long: the count begins', () => {
  assert.equal(
    watch(() => true),
    4_000,
  );
});
