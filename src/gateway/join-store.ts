import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Log } from '../log/log.ts';
import { joinMembership } from '../membership/join-membership.ts';
import type { Membership } from '../membership/membership.ts';
import type { Member } from '../records/records.ts';
import type { Store } from './store.ts';

interface JoinStoreOptions {
  readonly store: Store;
  /** The incarnation that this process had before: it need not be waited for. */
  readonly previous?: Member;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Joins the gateways that serve a store; undefined where the store has no members. */
export async function joinStore(options: JoinStoreOptions): Promise<Membership | undefined> {
  const { store, previous, clock, random, log } = options;
  if (store.fencing === undefined) return undefined;
  const members = await joinMembership({
    ...{ records: store.records, ...store.fencing, clock, random, log },
    ...(previous === undefined ? {} : { previous }),
  });
  store.fencing.joined?.(members);
  return members;
}
