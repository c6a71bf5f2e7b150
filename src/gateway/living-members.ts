import { type Clock, sleep } from '../base/clock.ts';
import { HEARTBEAT_INTERVAL_MS } from '../members/limits.ts';
import { isOpen } from '../members/members.ts';
import type { MembersObject } from '../members/members-object.ts';
import type { Roster } from '../members/roster-fields.ts';
import type { Member } from '../records/records.ts';

/** Longer than the longest time between two heartbeats that are not late. */
const LOOK_AGAIN_MS = 2 * HEARTBEAT_INTERVAL_MS + 250;

/**
 * The members whose heartbeat goes on: one that was killed stays open until another fences it.
 * Takes a second or so when any is open.
 */
export async function livingMembers(
  object: Pick<MembersObject, 'read'>,
  clock: Clock,
): Promise<readonly Member[]> {
  const before = beatsOf(await object.read());
  if (before.size === 0) return [];
  await sleep(clock, LOOK_AGAIN_MS);
  const after = await object.read();
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
