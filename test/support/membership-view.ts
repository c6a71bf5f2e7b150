// What a command reads of the members, as a test wants it.

import type { MemberState, MembershipView } from '../../src/membership/membership.ts';

/** A member that serves, unless `part` says otherwise. */
export function memberState(name: string, part: Partial<MemberState> = {}): MemberState {
  return {
    ...{ name, incarnation: `${name}1`, start: 1, state: 'serving', isDraining: false },
    ...{
      hasLeft: false,
      isAtRest: false,
      instances: [],
      fenceEpoch: undefined,
      enforcesEvents: true,
    },
    heartbeat: { counter: 0, epoch: 0, isHolding: false, acknowledged: new Map() },
    ...part,
  };
}

export function membershipView(part: Partial<MembershipView> = {}): MembershipView {
  return { life: 1, epoch: 0, documentVersion: 1, marks: [], members: [], ...part };
}
