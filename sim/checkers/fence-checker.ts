import { isOpen, isSame, type MemberState } from '../../src/membership/membership.ts';
import { MEMBERS_KEY } from '../../src/membership/membership-store.ts';
import { decodeRoster, type Roster } from '../../src/membership/roster-fields.ts';
import { fieldsObjectOf, fieldsPrefixOf } from '../../src/records/rados/object-names.ts';
import { decodeField } from '../../src/records/rados/value-entry.ts';
import type { DoneOperation, SimCluster } from '../rados/sim-cluster.ts';
import { check } from '../violation.ts';
import type { FenceCounts } from '../world-store.ts';
import { checkRosterChange, isServiceChanged } from './roster-laws.ts';

export const MEMBERS_OBJECT = fieldsObjectOf(MEMBERS_KEY);
const DATA_PREFIX = 'rbd_data.';

/**
 * Nothing lands after a finished fence, of a gateway or of a client instance whose gateway
 * continues: once a member has executed an operation on an object that it sent after the fence was
 * finished, no operation of the fenced one changes that object. This checker also checks every
 * change of the members object against its laws.
 */
export class FenceChecker implements FenceCounts {
  readonly #cluster: SimCluster;
  readonly #onMembers: (isNewLife: boolean) => void;
  #roster: Roster = decodeRoster(new Map());
  /** When the fence of a client was finished, by its address. */
  readonly #finishedMs = new Map<string, number>();
  /** The fences that a later operation of a member has passed, by object. */
  readonly #passed = new Map<string, Set<string>>();
  /** The first epoch that was raised after an address was blocklisted, by address. */
  readonly #raised = new Map<string, number>();
  fences = 0;
  selfFences = 0;
  /** Operations of fenced clients that OSDs executed on objects not touched since the fence. */
  lateLandings = 0;

  constructor(cluster: SimCluster, onMembers: (isNewLife: boolean) => void) {
    this.#cluster = cluster;
    this.#onMembers = onMembers;
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
    checkRosterChange(before, after);
    if (isServiceChanged(before, after)) this.#onMembers(after.life > before.life);
    for (const member of after.members) {
      const was = before.members.find((other) => isSame(other, member));
      if (member.state !== 'finished' || was === undefined || was.state !== 'closed') continue;
      if (!member.hasLeft) this.#memberFenced(was, after);
    }
    if (after.epoch > before.epoch) this.#epochRaised(after.epoch);
    for (const was of before.members.filter(isOpen)) this.#instancesChanged(was, after);
  }

  #memberFenced({ name, instances, fenceEpoch }: MemberState, { members }: Roster): void {
    this.fences++;
    for (const { address } of instances) this.#finished(address);
    checkPassed(members, fenceEpoch, name);
  }

  #epochRaised(epoch: number): void {
    for (const address of this.#cluster.monitor.blocklisted) {
      if (!this.#raised.has(address)) this.#raised.set(address, epoch);
    }
  }

  /** An open member removes an instance from its list: if it was fenced, that fence is finished. */
  #instancesChanged(was: MemberState, { members }: Roster): void {
    const is = members.find((member) => isSame(member, was));
    if (is === undefined || !isOpen(is)) return;
    for (const { address } of was.instances) {
      const isListed = is.instances.some((each) => each.address === address);
      if (isListed || !this.#cluster.monitor.isBlocklisted(address)) continue;
      this.selfFences++;
      this.#finished(address);
      checkPassed(members, this.#raised.get(address), address);
    }
  }

  #finished(address: string): void {
    const { monitor, timeline } = this.#cluster;
    check(monitor.isBlocklisted(address), () => `${address} is fenced and not blocklisted`);
    this.#finishedMs.set(address, timeline.nowMs);
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

function checkPassed(members: Roster['members'], epoch: number | undefined, who: string): void {
  for (const { name, heartbeat } of members.filter(isOpen)) {
    check(
      epoch !== undefined && heartbeat.epoch >= epoch,
      () => `the fence of ${who} is finished, and ${name} has not passed it`,
    );
  }
}
