import { type Clock, sleep, within } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Random } from '../base/random.ts';
import type { Member, Records } from '../records/records.ts';
import {
  CHANGE_ATTEMPTS_MAX,
  CHANGE_MAX_MS,
  CHANGE_RETRY_MAX_MS,
  STORE_ANSWER_MAX_MS,
} from './limits.ts';
import type { Heartbeat, Mark } from './membership.ts';
import { encodeUpdate, type RosterChange, updated } from './roster-changes.ts';
import {
  DOCUMENT_FIELD,
  decodeRoster,
  encode,
  encodeHeartbeat,
  heartbeatField,
  incarnationField,
  markField,
  OPEN,
  ROSTER_FIELD,
  type Roster,
} from './roster-fields.ts';

export const MEMBERS_KEY = 'members';

interface MembershipStoreParts {
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The access of a process that is not a member: it may read the roster, and announce a document
 * version.
 */
export type MembershipAccess = Pick<MembershipStore, 'read' | 'raiseDocumentVersion'>;

/** The one record that lists the members. Processes that are not members may read it too. */
export class MembershipStore {
  readonly #parts: MembershipStoreParts;

  constructor(parts: MembershipStoreParts) {
    this.#parts = parts;
  }

  async read(): Promise<Roster> {
    return decodeRoster(await this.#parts.records.getFields(MEMBERS_KEY));
  }

  /** Shows that this member lives, if it is open; resolves whether it is. */
  async beat(self: Member, heartbeat: Heartbeat): Promise<boolean> {
    const fields = { [heartbeatField(self)]: encodeHeartbeat(heartbeat) };
    const guard = { field: incarnationField(self), equals: OPEN };
    return await this.#parts.records.setFields(MEMBERS_KEY, fields, guard);
  }

  /**
   * Makes a change of the roster by compare-and-set, again as long as others are first or the
   * outcome is unknown. Resolves with the roster that has it, or that needs no change. Rejects with
   * `membersUnavailable` within CHANGE_MAX_MS + STORE_ANSWER_MAX_MS; it may be made all the same.
   */
  async change(change: RosterChange): Promise<Roster> {
    const { records } = this.#parts;
    for await (const _ of this.#attempts()) {
      const fields = await this.#ifAnswered(records.getFields(MEMBERS_KEY));
      if (fields === undefined) continue;
      const roster = decodeRoster(fields);
      const update = change(roster);
      if (update === undefined) return roster;
      const guard = { field: ROSTER_FIELD, equals: fields.get(ROSTER_FIELD) };
      const set = records.setFields(MEMBERS_KEY, encodeUpdate(roster, update), guard);
      if ((await this.#ifAnswered(set)) === true) return updated(roster, update);
    }
    throw new Failure('membersUnavailable', 'the members object could not be changed in time');
  }

  /** An older version than the one that stands changes nothing. */
  async raiseDocumentVersion(version: number): Promise<void> {
    const { records } = this.#parts;
    for await (const _ of this.#attempts()) {
      const fields = await this.#ifAnswered(records.getFields(MEMBERS_KEY));
      if (fields === undefined) continue;
      if (decodeRoster(fields).documentVersion >= version) return;
      const guard = { field: DOCUMENT_FIELD, equals: fields.get(DOCUMENT_FIELD) };
      const set = records.setFields(MEMBERS_KEY, { [DOCUMENT_FIELD]: encode({ version }) }, guard);
      if ((await this.#ifAnswered(set)) === true) return;
    }
    throw new Failure('membersUnavailable', 'the version could not be raised in time');
  }

  /** Sets marks or removes them; resolves whether `self` is open, else nothing is changed. */
  async setMarks(self: Member, marks: readonly Mark[], areSet: boolean): Promise<boolean> {
    const value = areSet ? encode({}) : undefined;
    const fields = Object.fromEntries(marks.map((mark) => [markField(mark), value]));
    const guard = { field: incarnationField(self), equals: OPEN };
    return await this.#parts.records.setFields(MEMBERS_KEY, fields, guard);
  }

  /** One after the other until the change is to be given up. */
  async *#attempts(): AsyncGenerator<void> {
    const { clock, random } = this.#parts;
    const deadline = clock.now() + CHANGE_MAX_MS;
    for (let attempt = 0; attempt < CHANGE_ATTEMPTS_MAX && clock.now() < deadline; attempt++) {
      if (attempt > 0) await sleep(clock, random.below(CHANGE_RETRY_MAX_MS + 1));
      yield;
    }
  }

  /** Undefined when the store gave no answer: the change may have been made, or not. */
  async #ifAnswered<T>(call: Promise<T>): Promise<T | undefined> {
    try {
      return await within(this.#parts.clock, STORE_ANSWER_MAX_MS, call);
    } catch (error) {
      if (error instanceof Failure && error.code === 'recordsUnavailable') return undefined;
      throw error;
    }
  }
}
