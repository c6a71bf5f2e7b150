import type { Clock } from '../base/clock.ts';
import type { Member } from '../records/records.ts';
import { type GoneMember, isOpen, isOver, type MembershipView, stateOf } from './membership.ts';

/**
 * Finds the members that are over from one view to the next, and reports one per turn of the event
 * loop.
 */
export class GoneMembers {
  readonly #clock: Clock;
  readonly #report: (gone: GoneMember) => void;
  /** The members that were not over, by incarnation. At most as many as the members object has. */
  #counted = new Map<string, Member>();
  readonly #unreported: GoneMember[] = [];

  constructor(clock: Clock, report: (gone: GoneMember) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  see(view: MembershipView): void {
    const members = view.members.filter(isOpen);
    for (const { name, incarnation } of this.#counted.values()) {
      const member: Member = { name, incarnation };
      if (!isOver(view, member)) continue;
      const how = stateOf(view, member)?.hasLeft === true ? 'left' : 'fenced';
      this.#unreported.push({ member, how, members });
      if (this.#unreported.length === 1) this.#reportNext();
    }
    const counted = view.members.filter((member) => !isOver(view, member));
    this.#counted = new Map(counted.map((member) => [member.incarnation, member]));
  }

  #reportNext(): void {
    this.#clock.endOfTurn(() => {
      const gone = this.#unreported[0]!;
      this.#report(gone);
      this.#unreported.shift();
      if (this.#unreported.length > 0) this.#reportNext();
    });
  }
}
