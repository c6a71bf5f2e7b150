import { isOpen, isSame, type MemberState } from '../../src/membership/membership.ts';
import { MEMBERS_KEY } from '../../src/membership/membership-store.ts';
import { decodeRoster, type Roster } from '../../src/membership/roster-fields.ts';
import { fieldsObjectOf, fieldsPrefixOf } from '../../src/records/rados/object-names.ts';
import { decodeField } from '../../src/records/rados/value-entry.ts';
import type { DoneOperation, SimCluster } from '../rados/sim-cluster.ts';
import { check } from '../violation.ts';
import { checkRosterChange } from './roster-laws.ts';

export const MEMBERS_OBJECT = fieldsObjectOf(MEMBERS_KEY);
const DATA_PREFIX = 'rbd_data.';

/**
 * Nothing lands after a fence that was seen finished: once a member has done anything to an object,
 * by an operation that it sent after the fence was finished, no operation of the fenced one changes
 * that object. It also holds every change of the members' record to its laws.
 */
export class FenceChecker {
  readonly #cluster: SimCluster;
  #roster: Roster = decodeRoster(new Map());
  /** By address of a fenced client, when its fence was finished. */
  readonly #finishedMs = new Map<string, number>();
  /** By object, the fences that a later operation of a member has passed. */
  readonly #passed = new Map<string, Set<string>>();
  fences = 0;
  rosterChanges = 0;
  /** Operations of fenced clients that an OSD did all the same, on what nobody had touched. */
  lateLandings = 0;

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
  }

  done(operation: DoneOperation): void {
    if (operation.object === MEMBERS_OBJECT) {
      if (operation.changes) this.#rosterChanged();
    } else if (operation.object.startsWith(DATA_PREFIX)) {
      this.#dataTouched(operation);
    }
  }

  get roster(): Roster {
    return this.#roster;
  }

  #dataTouched({ client, object, submittedMs, changes }: DoneOperation): void {
    const passed = this.#passed.get(object);
    if (changes && this.#finishedMs.has(client.address)) this.lateLandings++;
    check(
      !changes || passed?.has(client.address) !== true,
      () => `${client.address} changed ${object} after its fence was seen finished`,
    );
    if (this.#finishedMs.size === 0 || !this.#counts(client.address)) return;
    for (const [address, finishedMs] of this.#finishedMs) {
      if (finishedMs >= submittedMs) continue;
      const fences = this.#passed.get(object) ?? new Set();
      this.#passed.set(object, fences.add(address));
    }
  }

  #counts(address: string): boolean {
    return this.#roster.members.some(
      (member) => isOpen(member) && member.instances.some((each) => each.address === address),
    );
  }

  #rosterChanged(): void {
    const before = this.#roster;
    const after = decodeRoster(this.#fields());
    this.#roster = after;
    this.rosterChanges++;
    checkRosterChange(before, after);
    for (const member of after.members) {
      const was = before.members.find((other) => isSame(other, member));
      if (member.state !== 'finished' || was === undefined || was.state !== 'closed') continue;
      if (!member.hasLeft) this.#finished(was, after);
    }
  }

  #finished(victim: MemberState, { members }: Roster): void {
    const { monitor, timeline } = this.#cluster;
    this.fences++;
    for (const { address } of victim.instances) {
      check(monitor.isBlocklisted(address), () => `${address} is fenced and not blocklisted`);
      this.#finishedMs.set(address, timeline.nowMs);
    }
    for (const { name, heartbeat } of members.filter(isOpen)) {
      const { fenceEpoch } = victim;
      check(
        fenceEpoch !== undefined && heartbeat.epoch >= fenceEpoch,
        () => `the fence of ${victim.name} is finished, and ${name} has not passed it`,
      );
    }
  }

  #fields(): ReadonlyMap<string, Uint8Array> {
    const prefix = fieldsPrefixOf(MEMBERS_KEY);
    const object = this.#cluster.objects.get(MEMBERS_OBJECT)!;
    const fields = new Map<string, Uint8Array>();
    for (const key of object.sortedKeys()) {
      if (!key.startsWith(prefix)) continue;
      const name = key.slice(prefix.length);
      fields.set(name, decodeField(name, object.omap.get(key)!));
    }
    return fields;
  }
}
