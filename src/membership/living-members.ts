import { type Clock, sleep } from '../base/clock.ts';
import type { Member } from '../records/records.ts';
import { HEARTBEAT_INTERVAL_MS } from './limits.ts';
import { isOpen } from './membership.ts';
import type { MembershipStore } from './membership-store.ts';
import type { Roster } from './roster-fields.ts';

/** Longer than the longest time between two heartbeats that are not late. */
const RECHECK_MS = 2 * HEARTBEAT_INTERVAL_MS + 250;

/**
 * The members whose heartbeat still changes: one that was killed stays open until another fences
 * it. Takes a second or so when any is open.
 */
export async function livingMembers(
  membership: Pick<MembershipStore, 'read'>,
  clock: Clock,
): Promise<readonly Member[]> {
  const before = beatsOf(await membership.read());
  if (before.size === 0) return [];
  await sleep(clock, RECHECK_MS);
  const after = await membership.read();
  const beats = beatsOf(after);
  return after.members
    .filter(({ incarnation }) => {
      const beat = beats.get(incarnation);
      return beat !== undefined && beat !== before.get(incarnation);
    })
    .map(({ name, incarnation }) => ({ name, incarnation }));
}

function beatsOf({ members }: Roster): ReadonlyMap<string, number> {
  return new Map(
    members.filter(isOpen).map(({ incarnation, heartbeat }) => [incarnation, heartbeat.counter]),
  );
}
