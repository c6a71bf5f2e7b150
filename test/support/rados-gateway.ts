// A member of a store on a real Ceph, like a gateway: with the clients, the fencing and the
// instances of `openStore`, but without serving initiators.

import { openStore } from '../../src/gateway/open-store.ts';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { silentLog } from '../../src/log/log.ts';
import { joinMembership } from '../../src/membership/join-membership.ts';
import type { Membership } from '../../src/membership/membership.ts';
import type { RadosPlace } from './rados-member.ts';

export interface RadosGateway {
  readonly members: Membership;
  /** Leaves, and closes the store. */
  close(): Promise<void>;
}

const environment = { clock: systemClock, random: systemRandom, log: silentLog };

export async function joinOverRados(place: RadosPlace, name: string): Promise<RadosGateway> {
  const store = await openStore({
    ...{ location: { ceph: place }, ifAbsent: 'refuse' as const, memberName: name, ...environment },
  });
  try {
    const { records, fencing } = store;
    if (fencing === undefined) throw new Error('a store on Ceph has members');
    const members = await joinMembership({ ...environment, records, ...fencing });
    fencing.joined?.(members);
    return {
      members,
      close: async () => {
        await members.leave();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
