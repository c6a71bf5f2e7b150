import type { MembersView } from '../members/members.ts';

/** More members than this are not listed: the latest are. */
const MEMBERS_LISTED_MAX = 128;

/** Who counts as a gateway, and who was fenced, as `allpath status` shows it. */
export interface MembersStatus {
  readonly life: number;
  readonly barrierEpoch: number;
  /** In the order in which they were opened. */
  readonly list: readonly {
    readonly name: string;
    readonly incarnation: string;
    readonly start: number;
    readonly state: 'joining' | 'serving' | 'closed' | 'fenced' | 'left';
    readonly instances: number;
    readonly isHolding: boolean;
  }[];
}

export function membersStatus({ life, epoch, members }: MembersView): MembersStatus {
  return {
    life,
    barrierEpoch: epoch,
    list: members.slice(-MEMBERS_LISTED_MAX).map((member) => ({
      name: member.name,
      incarnation: member.incarnation,
      start: member.start,
      state: member.state !== 'finished' ? member.state : member.hasLeft ? 'left' : 'fenced',
      instances: member.instances.length,
      isHolding: member.heartbeat.isHolding,
    })),
  };
}
