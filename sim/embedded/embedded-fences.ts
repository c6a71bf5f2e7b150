import { isSame } from '../../src/membership/membership.ts';
import { MEMBERS_KEY } from '../../src/membership/membership-store.ts';
import { decodeRoster, type Roster } from '../../src/membership/roster-fields.ts';
import type { Member } from '../../src/records/records.ts';
import type { MemoryStore } from '../../test/doubles/memory-records-store.ts';
import { checkRosterChange, isServiceChanged } from '../checkers/roster-laws.ts';
import { check } from '../violation.ts';
import type { FenceCounts } from '../world-store.ts';

interface FencesListener {
  /** Whether its process runs and has the store open. */
  readonly isAlive: (member: Member) => boolean;
  readonly fail: (error: unknown) => void;
  readonly onMembers: (isNewLife: boolean) => void;
}

/**
 * Among the processes of one host, a fence kills a process: when the fence is finished, that
 * process has ended. Every change of the members object is checked against its laws.
 */
export class EmbeddedFences implements FenceCounts {
  fences = 0;
  readonly selfFences = 0;
  /** Nothing that an ended process had started lands. */
  readonly lateLandings = 0;

  constructor(store: MemoryStore, on: FencesListener) {
    const setFields = store.setFields.bind(store);
    const roster = () => decodeRoster(store.getFields(MEMBERS_KEY));
    store.setFields = (key, fields, guard) => {
      const before = roster();
      const isSet = setFields(key, fields, guard);
      if (key !== MEMBERS_KEY || !isSet) return isSet;
      try {
        this.#changed(before, roster(), on);
      } catch (error) {
        // The member that makes the change would survive an error, as a failure of the store.
        on.fail(error);
      }
      return isSet;
    };
  }

  #changed(before: Roster, after: Roster, { isAlive, onMembers }: FencesListener): void {
    checkRosterChange(before, after);
    if (isServiceChanged(before, after)) onMembers(after.life > before.life);
    for (const member of after.members) {
      const was = before.members.find((other) => isSame(other, member));
      if (member.state !== 'finished' || was?.state !== 'closed' || member.hasLeft) continue;
      this.fences++;
      check(!isAlive(member), () => `${member.name} is fenced, and its process goes on`);
    }
  }
}
