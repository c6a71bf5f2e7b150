// Proves what follows from heartbeats: eight that do not change, four behind an epoch, gaps that
// restart the count, reasons that are checked again, and which member, by rank, continues a fence
// that makes no progress.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailureDetector } from '../../../src/membership/failure-detector.ts';
import type { FenceReason } from '../../../src/membership/fence-work.ts';
import type { MemberState, MembershipView } from '../../../src/membership/membership.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function member(name: string, counter: number, epoch = 0): MemberState {
  const heartbeat = { counter, epoch, isHolding: false, acknowledged: new Map() };
  return {
    ...{ name, incarnation: `${name}-1`, start: 1, state: 'serving' },
    ...{ isDraining: false, isAtRest: false, hasLeft: false },
    ...{ instances: [], fenceEpoch: undefined, enforcesEvents: true, heartbeat },
  };
}

function view(members: readonly MemberState[], epoch = 0): MembershipView {
  return { life: 1, epoch, documentVersion: 0, marks: [], members };
}

function start(self = 'a') {
  const clock = new VirtualClock();
  const asked: { name: string; reason: FenceReason }[] = [];
  const failureDetector = new FailureDetector({
    self: { name: self, incarnation: `${self}-1` },
    clock,
    processes: undefined,
    fence: ({ name }, reason) => asked.push({ name, reason }),
  });
  return { clock, failureDetector, asked };
}

test('a counter that stands still over eight heartbeats is suspected, not over seven', () => {
  const { failureDetector, asked } = start();
  for (let beat = 0; beat <= 7; beat++)
    failureDetector.observe(view([member('a', 0), member('b', 5)]));
  assert.equal(asked.length, 0);
  failureDetector.observe(view([member('a', 0), member('b', 5)]));
  assert.deepEqual(
    asked.map(({ name }) => name),
    ['b'],
  );
  const { holds, provesRest } = asked[0]!.reason;
  assert.equal(provesRest, true, 'its fence waits for nothing more');
  assert.deepEqual([holds(member('b', 5)), holds(member('b', 6))], [true, false]);
});

test('any gap of its own, and any sign of life, begins the count anew', () => {
  const { failureDetector, asked } = start();
  for (let beat = 0; beat < 40; beat++) {
    if (beat % 8 === 7) failureDetector.gap();
    failureDetector.observe(
      view([member('a', 0), member('b', 5), member('c', Math.trunc(beat / 8))]),
    );
  }
  assert.equal(asked.length, 0);
});

test('one that is behind an epoch over four heartbeats is fenced for it, and no other', () => {
  const { failureDetector, asked } = start();
  const at = (beat: number, epoch: number) =>
    view([member('a', beat, 9), member('b', beat, 1), member('c', beat, epoch)], epoch);
  // New epochs do not restart the count of a member that is behind an old one.
  for (let beat = 0; beat < 4; beat++) failureDetector.observe(at(beat, 2 + beat));
  assert.equal(asked.length, 0);
  failureDetector.observe(at(4, 6));
  assert.deepEqual(
    asked.map(({ name }) => name),
    ['b'],
  );
  const { holds, provesRest } = asked[0]!.reason;
  assert.equal(provesRest, undefined, 'it may take commands yet');
  assert.deepEqual([holds(member('b', 9, 1)), holds(member('b', 9, 2))], [true, false]);
});

test('a gap begins that count anew too, and passing ends it', () => {
  const { failureDetector, asked } = start();
  for (let beat = 0; beat < 20; beat++) {
    if (beat % 4 === 3) failureDetector.gap();
    failureDetector.observe(view([member('a', beat, 1), member('b', beat, 0)], 1));
  }
  failureDetector.gap();
  for (let beat = 20; beat < 24; beat++) {
    failureDetector.observe(view([member('a', beat, 1), member('b', beat, 0)], 1));
  }
  failureDetector.observe(view([member('a', 24, 1), member('b', 24, 1)], 1));
  assert.equal(asked.length, 0);
});

test('a process that has ended is fenced at once, one that is stopped after 4 s', async () => {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const all = [member('a', 0), member('b', 0), member('c', 0), member('d', 0)];
  const living = ['a', 'b', 'c'].map((name) => {
    return { name, incarnation: `${name}-1`, isStopped: name === 'b' };
  });
  const failureDetector = new FailureDetector({
    self: { name: 'a', incarnation: 'a-1' },
    clock,
    processes: { living: async () => living, states: async () => living, end: async () => true },
    fence: ({ name }, { text }) => asked.push(`${name}: ${text}`),
  });
  for (let look = 0; look < 8; look++) {
    failureDetector.checkProcesses(view(all));
    await clock.advance(500);
  }
  assert.deepEqual([...new Set(asked)], ['d: its process has ended']);
  failureDetector.checkProcesses(view(all));
  await clock.advance(0);
  assert.deepEqual([...new Set(asked)], ['d: its process has ended', 'b: its process is stopped']);
});

test('a fence that stands still for a second is carried on, rank by rank', async () => {
  for (const [self, atMs] of [
    ['a', 1_000],
    ['b', 1_100],
    ['c', 1_200],
  ] as const) {
    const { clock, failureDetector, asked } = start(self);
    const closed: MemberState = { ...member('x', 0), state: 'closed' };
    const seen = view([closed, member('a', 0), member('b', 0), member('c', 0)]);
    failureDetector.resumeFences(seen);
    await clock.advance(atMs - 1);
    failureDetector.resumeFences(seen);
    assert.equal(asked.length, 0);
    await clock.advance(1);
    failureDetector.resumeFences(seen);
    assert.deepEqual(
      asked.map(({ name }) => name),
      ['x'],
    );
  }
});
