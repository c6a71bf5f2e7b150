// Of a gateway that does not answer the status says what the members know of its latest
// incarnation.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  membershipStatus,
  silentGateway,
} from '../../../../src/control/status/membership-status.ts';
import type { MemberState } from '../../../../src/membership/membership.ts';

const NAME = 'a';

function status(...parts: readonly Partial<MemberState>[]) {
  const members = parts.map(
    (part, i): MemberState => ({
      ...{ name: NAME, incarnation: `i${i}`, start: i + 1, state: 'serving' },
      ...{
        isDraining: false,
        isAtRest: false,
        hasLeft: false,
        instances: [],
        fenceEpoch: undefined,
        enforcesEvents: true,
      },
      heartbeat: { counter: 0, epoch: 0, isHolding: false, acknowledged: new Map() },
      ...part,
    }),
  );
  return membershipStatus({ life: 1, epoch: 0, documentVersion: 1, marks: [], members });
}

test('a silent gateway is what its latest incarnation is', () => {
  for (const [parts, runs, expected] of [
    [[], false, 'not running'],
    [[], true, 'no answer'],
    [[{}], true, 'no answer'],
    [[{}], false, 'not running'],
    [[{ isDraining: true }], true, 'draining'],
    [[{ state: 'closed' }], true, 'closed'],
    [[{ state: 'closed' }], false, 'closed'],
    [[{ state: 'finished' }], false, 'fenced'],
    [[{ state: 'finished', hasLeft: true, isDraining: true }], false, 'not running'],
    [[{ state: 'finished' }, { state: 'joining' }], true, 'joining'],
    [[{}, { name: 'b', state: 'closed' }], true, 'no answer'],
  ] as const) {
    const { state, incarnation } = silentGateway(status(...parts), NAME, runs);
    assert.equal(state, expected, JSON.stringify(parts));
    const own = status(...parts).list.findLast(({ name }) => name === NAME);
    assert.equal(incarnation, own?.incarnation);
  }
});
