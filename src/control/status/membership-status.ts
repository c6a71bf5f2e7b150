import { assert } from '../../base/assert.ts';
import type { MembershipView } from '../../membership/membership.ts';

/** More members than this are not listed: the latest are. */
const MEMBERS_LISTED_MAX = 128;

/** The members of the cluster, fenced ones included, as `allpath status` shows them. */
export interface MembershipStatus {
  readonly life: number;
  readonly barrierEpoch: number;
  /** In the order in which they were opened. */
  readonly list: readonly {
    readonly name: string;
    readonly incarnation: string;
    readonly start: number;
    readonly state: 'joining' | 'serving' | 'closed' | 'fenced' | 'left';
    readonly isDraining: boolean;
    readonly instances: number;
    readonly isHolding: boolean;
    /** False: it runs a release that does not enforce reservations. */
    readonly enforcesEvents: boolean;
  }[];
}

/** A gateway that does not answer, as far as the membership knows it. */
export interface SilentGateway {
  readonly name: string;
  /**
   * `closed`: it is being fenced. `no answer`: its process runs, or did some seconds ago. `not
   * running`: it does not, and it has not been fenced.
   */
  readonly state: 'joining' | 'draining' | 'closed' | 'fenced' | 'no answer' | 'not running';
  /** Its latest. */
  readonly incarnation?: string;
}

/** A gateway of the document that does not answer, as `allpath status` shows it. */
export interface ListedSilentGateway extends SilentGateway {
  /** As the document has them. */
  readonly portals: readonly string[];
}

/** `runs`: its process has the store open. */
export function silentGateway(
  { list }: MembershipStatus,
  name: string,
  runs: boolean,
): SilentGateway {
  const latest = list.findLast((member) => member.name === name);
  const unheard = runs ? 'no answer' : 'not running';
  if (latest === undefined) return { name, state: unheard };
  const { state, incarnation, isDraining } = latest;
  if (state === 'closed' || state === 'fenced' || state === 'joining') {
    return { name, state, incarnation };
  }
  const drains = state === 'serving' && isDraining && runs;
  return { name, state: drains ? 'draining' : unheard, incarnation };
}

assert(MEMBERS_LISTED_MAX > 0, 'a status lists members');

export function membershipStatus({ life, epoch, members }: MembershipView): MembershipStatus {
  return {
    life,
    barrierEpoch: epoch,
    list: members.slice(-MEMBERS_LISTED_MAX).map((member) => ({
      name: member.name,
      incarnation: member.incarnation,
      start: member.start,
      state: member.state !== 'finished' ? member.state : member.hasLeft ? 'left' : 'fenced',
      isDraining: member.isDraining,
      instances: member.instances.length,
      isHolding: member.heartbeat.isHolding,
      enforcesEvents: member.enforcesEvents,
    })),
  };
}
