import type { Clock } from '../base/clock.ts';
import type { Member } from '../records/records.ts';
import { type GoneMember, isOpen, isOver, type MembershipView, stateOf } from './membership.ts';

/** Finds, from one view to the next, who is over, and tells of one in a turn of the event loop. */
export class GoneMembers {
  readonly #clock: Clock;
  readonly #tell: (gone: GoneMember) => void;
  /** Those who were not over, by incarnation. As many as the members object has. */
  #counted = new Map<string, Member>();
  readonly #untold: GoneMember[] = [];

  constructor(clock: Clock, tell: (gone: GoneMember) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  see(view: MembershipView): void {
    const members = view.members.filter(isOpen);
    for (const { name, incarnation } of this.#counted.values()) {
      const member: Member = { name, incarnation };
      if (!isOver(view, member)) continue;
      const how = stateOf(view, member)?.hasLeft === true ? 'left' : 'fenced';
      this.#untold.push({ member, how, members });
      if (this.#untold.length === 1) this.#tellNext();
    }
    const counted = view.members.filter((member) => !isOver(view, member));
    this.#counted = new Map(counted.map((member) => [member.incarnation, member]));
  }

  #tellNext(): void {
    this.#clock.endOfTurn(() => {
      const gone = this.#untold[0]!;
      this.#tell(gone);
      this.#untold.shift();
      if (this.#untold.length > 0) this.#tellNext();
    });
  }
}
