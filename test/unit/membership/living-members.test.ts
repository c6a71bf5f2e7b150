// Proves that members count as living by heartbeats that go on: not one that was killed and is
// open still, not one that has left, and that nothing is waited for when nobody is open.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { livingMembers } from '../../../src/membership/living-members.ts';
import type { MemberState } from '../../../src/membership/membership.ts';
import type { Roster } from '../../../src/membership/roster-fields.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

function member(name: string, state: MemberState['state'], counter: number): MemberState {
  return {
    name,
    incarnation: `${name}-1`,
    start: 1,
    state,
    isDraining: false,
    isAtRest: false,
    hasLeft: false,
    instances: [],
    fenceEpoch: undefined,
    enforcesEvents: true,
    heartbeat: { counter, epoch: 0, isHolding: false, acknowledged: new Map() },
  };
}

function rosters(...reads: readonly (readonly MemberState[])[]) {
  let next = 0;
  const common = { life: 1, epoch: 0, documentVersion: 1, marks: [], revision: 1, starts: 1 };
  return { read: async (): Promise<Roster> => ({ ...common, members: reads[next++]! }) };
}

test('who beats lives, and who just came; who stands still or is closed does not', async () => {
  const clock = new VirtualClock();
  const first = [member('a', 'serving', 5), member('dead', 'serving', 9), member('c', 'closed', 1)];
  const later = [member('a', 'serving', 7), first[1]!, first[2]!, member('new', 'joining', 1)];
  const living = livingMembers(rosters(first, later), clock);
  await settle();
  await clock.advance(2_000);
  assert.deepEqual(await living, [
    { name: 'a', incarnation: 'a-1' },
    { name: 'new', incarnation: 'new-1' },
  ]);
});

test('without open members the answer is there at once', async () => {
  const clock = new VirtualClock();
  assert.deepEqual(await livingMembers(rosters([member('a', 'finished', 3)]), clock), []);
  assert.equal(clock.pending, 0);
});
