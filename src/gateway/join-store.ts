import { joinMembership } from '../membership/join-membership.ts';
import type { Membership } from '../membership/membership.ts';
import type { GatewayOptions } from './gateway.ts';

/** Joins the gateways that serve a store; undefined where the store has no members. */
export async function joinStore(options: GatewayOptions): Promise<Membership | undefined> {
  const { store, previous, clock, random, log } = options;
  if (store.fencing === undefined) return undefined;
  const members = await joinMembership({
    ...{ records: store.records, ...store.fencing, clock, random, log },
    ...(previous === undefined ? {} : { previous }),
  });
  store.fencing.joined?.(members);
  return members;
}
