// What must hold of the members object at each change of it.

import assert from 'node:assert/strict';
import { checkRosterChange } from '../../sim/checkers/roster-laws.ts';
import { isOpen, isSame, type MemberState } from '../../src/membership/membership.ts';
import { MEMBERS_KEY } from '../../src/membership/membership-store.ts';
import { decodeRoster, type Roster } from '../../src/membership/roster-fields.ts';
import type { MembershipWorld, SimGateway } from './membership-world.ts';

/** Finds the gateway of an incarnation, however long it is gone. */
export type Gateways = () => readonly SimGateway[];

export function rosterNow(world: MembershipWorld): Roster {
  return decodeRoster(world.store.store.getFields(MEMBERS_KEY));
}

/** Has every change of the members object checked, as it is made. */
export function watchRoster(world: MembershipWorld, gateways: Gateways): { changes: number } {
  const { store } = world.store;
  const setFields = store.setFields.bind(store);
  const counted = { changes: 0 };
  store.setFields = (key, fields, guard) => {
    const before = rosterNow(world);
    const isSet = setFields(key, fields, guard);
    if (key !== MEMBERS_KEY || !isSet) return isSet;
    counted.changes += 1;
    const after = rosterNow(world);
    checkRosterChange(before, after);
    for (const member of after.members) {
      const was = before.members.find((other) => isSame(other, member));
      if (member.state === 'finished' && was?.state === 'closed') {
        checkFinished(world, member, after, gateways());
      }
    }
    return isSet;
  };
  return counted;
}

/** A finished fence: on the blocklist, which every open member knows or waits for. */
function checkFinished(
  { cluster }: MembershipWorld,
  victim: MemberState,
  { members }: Roster,
  gateways: readonly SimGateway[],
): void {
  for (const { address } of victim.instances) {
    assert.ok(cluster.blocklisted.includes(address), `${address} is not on the blocklist`);
  }
  for (const member of members.filter(isOpen)) {
    assert.ok(victim.fenceEpoch !== undefined && member.heartbeat.epoch >= victim.fenceEpoch);
    const gateway = gateways.find(({ self }) => isSame(self, member))!;
    if (gateway.fencing.isHolding) continue;
    for (const mapEpoch of gateway.fencing.instances.values()) {
      for (const { address } of victim.instances) {
        assert.ok(!cluster.takes(address, mapEpoch), `${member.name} has an old map`);
      }
    }
  }
}
