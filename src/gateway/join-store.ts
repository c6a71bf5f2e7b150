import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Log } from '../log/log.ts';
import { joinMembership } from '../membership/join-membership.ts';
import type { Membership } from '../membership/membership.ts';
import type { Member } from '../records/records.ts';
import type { UnitStates } from '../scsi/unit-state.ts';
import { LocalUnitStates } from '../units/local-unit-states.ts';
import { SharedUnitStates } from '../units/shared-unit-states.ts';
import type { Store } from './store.ts';

interface JoinStoreOptions {
  readonly store: Store;
  /** The incarnation that this process had before: it need not be waited for. */
  readonly previous?: Member;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What a gateway shares with the others that serve its store. */
export interface JoinedStore {
  /** Undefined where the store has no members. */
  readonly membership: Membership | undefined;
  readonly unitStates: UnitStates & Pick<SharedUnitStates, 'holds' | 'enforcedOf'>;
  /** Resolves when this gateway counts no longer, because it missed an event. */
  readonly behind: Promise<void>;
  /** Leaves the others; `isClean` false: something of this gateway may still be under way. */
  leave(isClean: boolean): Promise<void>;
}

/** Joins the gateways that serve a store. */
export async function joinStore(options: JoinStoreOptions): Promise<JoinedStore> {
  const { store, previous, clock, random, log } = options;
  const { records, fencing } = store;
  if (fencing === undefined) return alone();
  const unitStates = new SharedUnitStates({ records, clock, log });
  // Whoever is a member answers for events: it listens first.
  await unitStates.listen();
  try {
    const membership = await joinMembership({
      ...{ records, ...fencing, clock, random, log },
      ...(previous === undefined ? {} : { previous }),
    });
    fencing.joined?.(membership);
    unitStates.join(membership);
    const leave = async (isClean: boolean): Promise<void> => {
      await membership.leave(isClean);
      await unitStates.close();
    };
    return { membership, unitStates, behind: unitStates.behind, leave };
  } catch (error) {
    await unitStates.close();
    throw error;
  }
}

function alone(): JoinedStore {
  return {
    membership: undefined,
    unitStates: new LocalUnitStates(),
    behind: new Promise(() => {}),
    leave: async () => {},
  };
}
