import { Failure } from '../base/failure.ts';
import type { Member } from '../records/records.ts';
import { CLOSED_REST_MS, FINISHED_KEPT_MAX, INCARNATIONS_MAX, INSTANCES_MAX } from './limits.ts';
import { type Instance, isOpen, isSame, type MemberState, stateOf } from './membership.ts';
import {
  aboutField,
  encodeAbout,
  encodeHeartbeat,
  encodeIncarnation,
  encodeRoster,
  heartbeatField,
  incarnationField,
  ROSTER_FIELD,
  type Roster,
} from './roster-fields.ts';

/** The changes of one compare-and-set of the roster. */
interface RosterUpdate {
  readonly epoch?: number;
  readonly life?: number;
  /** Incarnations that are not as they were. */
  readonly put?: readonly MemberState[];
  /** A new one, with its first heartbeat. */
  readonly opened?: MemberState;
  /** Finished ones that are removed. */
  readonly removed?: readonly Member[];
}

/**
 * Computes the change of a given roster; undefined when none is needed. Called for each attempt, so
 * its assertions hold at the moment of the change.
 */
export type RosterChange = (roster: Roster) => RosterUpdate | undefined;

/** The fields of an update, with the roster's next revision. */
export function encodeUpdate(roster: Roster, update: RosterUpdate) {
  const { put = [], opened, removed = [] } = update;
  const fields: Record<string, Uint8Array | undefined> = {};
  for (const member of opened === undefined ? put : [...put, opened]) {
    fields[incarnationField(member)] = encodeIncarnation(member);
    fields[aboutField(member)] = encodeAbout(member);
  }
  if (opened !== undefined) fields[heartbeatField(opened)] = encodeHeartbeat(opened.heartbeat);
  for (const member of removed) {
    for (const field of [incarnationField, aboutField, heartbeatField]) {
      fields[field(member)] = undefined;
    }
  }
  return { ...fields, [ROSTER_FIELD]: encodeRoster(updated(roster, update)) };
}

/** The roster as it is once the update is made. */
export function updated(roster: Roster, update: RosterUpdate): Roster {
  const { put = [], opened, removed = [] } = update;
  const kept = roster.members
    .filter((member) => !removed.some((gone) => isSame(gone, member)))
    .map((member) => put.find((changed) => isSame(changed, member)) ?? member);
  return {
    ...roster,
    revision: roster.revision + 1,
    epoch: update.epoch ?? roster.epoch,
    life: update.life ?? roster.life,
    starts: roster.starts + (opened === undefined ? 0 : 1),
    members: opened === undefined ? kept : [...kept, opened],
  };
}

interface JoinRequest {
  readonly self: Member;
  readonly instances: readonly Instance[];
  /** The barrier epoch that this gateway has passed already. */
  readonly passedEpoch: number;
  /** An incarnation of this name that is known to be dead; it is closed in the same step. */
  readonly dead: MemberState | undefined;
  /** One that gave itself up, or whose process was seen to end. Others may have closed it. */
  readonly ended?: Member | undefined;
}

/** The reason why an incarnation cannot be opened on this roster. */
type JoinObstacle = 'epoch' | 'namesake';

/** A new incarnation has passed the epoch of the moment, and closes its dead predecessor. */
function joinObstacle(roster: Roster, request: JoinRequest): JoinObstacle | undefined {
  const { self, dead, passedEpoch } = request;
  if (roster.epoch !== passedEpoch) return 'epoch';
  const namesakes = roster.members.filter(
    (member) => member.name === self.name && isOpen(member) && !isSame(member, self),
  );
  return namesakes.every((namesake) => isDead(namesake, dead)) ? undefined : 'namesake';
}

/** A member that has sent a heartbeat since it was suspected is not dead. */
function isDead(namesake: MemberState, dead: MemberState | undefined): boolean {
  if (dead === undefined || !isSame(namesake, dead)) return false;
  return namesake.heartbeat.counter === dead.heartbeat.counter;
}

/** Undefined also while there is an obstacle. */
export function open(request: JoinRequest): RosterChange {
  const { self, instances, passedEpoch, ended } = request;
  return (roster) => {
    if (stateOf(roster, self) !== undefined) return undefined;
    if (joinObstacle(roster, request) !== undefined) return undefined;
    const counted = roster.members.filter(({ state }) => state !== 'finished');
    if (counted.length >= INCARNATIONS_MAX) throw tooMany(`${INCARNATIONS_MAX} gateways`);
    checkInstances(instances);
    const opened: MemberState = {
      ...{ name: self.name, incarnation: self.incarnation, start: roster.starts + 1 },
      ...{ state: 'joining', isDraining: false, isAtRest: false, hasLeft: false },
      ...{ instances, fenceEpoch: undefined, enforcesEvents: true },
      heartbeat: { counter: 0, epoch: passedEpoch, isHolding: false, acknowledged: new Map() },
    };
    const isEnded = (member: MemberState): boolean => {
      if (ended !== undefined && isSame(member, ended)) return true;
      return member.name === self.name && isOpen(member);
    };
    const put = counted
      .filter(isEnded)
      .map((member): MemberState => ({ ...member, state: 'closed', isAtRest: true }));
    return { opened, put, removed: removable(roster, self.name) };
  };
}

/** Finished incarnations of this name, and the oldest of the others beyond the bound. */
function removable(roster: Roster, name: string): readonly Member[] {
  const finished = roster.members.filter(({ state }) => state === 'finished');
  const others = finished.filter((member) => member.name !== name);
  const excess = others.slice(0, Math.max(0, others.length - FINISHED_KEPT_MAX));
  return [...finished.filter((member) => member.name === name), ...excess];
}

/**
 * The end of joining. Undefined while a fence is not finished. When no other member serves, all
 * that must not outlive the last gateway is of an earlier life.
 */
export function serve(self: Member): RosterChange {
  return (roster) => {
    const own = openState(roster, self);
    if (own.state === 'serving' || roster.members.some(isUnfinished)) return undefined;
    const isAlone = !roster.members.some(({ state }) => state === 'serving');
    const put: MemberState[] = [{ ...own, state: 'serving' }];
    return isAlone ? { put, life: roster.life + 1 } : { put };
  };
}

/** Said once, and never taken back: an incarnation that drains ends. */
export function drain(self: Member): RosterChange {
  return (roster) => {
    const own = openState(roster, self);
    return own.isDraining ? undefined : { put: [{ ...own, isDraining: true }] };
  };
}

/**
 * The fence's second step. `holds` is asked whether the reason for it still does; `isAtRest` says
 * whether that reason proves that the victim takes no command.
 */
export function close(
  self: Member,
  victim: Member,
  holds: (victim: MemberState) => boolean,
  isAtRest = false,
): RosterChange {
  return (roster) => {
    openState(roster, self);
    const state = stateOf(roster, victim);
    if (state === undefined || !isOpen(state) || !holds(state)) return undefined;
    return { put: [{ ...state, state: 'closed', isAtRest }] };
  };
}

/** The fence's fourth step: its epoch, raised once. */
export function raiseEpoch(self: Member, victim: Member): RosterChange {
  return (roster) => {
    openState(roster, self);
    const state = stateOf(roster, victim);
    if (state?.state !== 'closed' || state.fenceEpoch !== undefined) return undefined;
    const epoch = roster.epoch + 1;
    return { epoch, put: [{ ...state, fenceEpoch: epoch }] };
  };
}

/** For how long the asking member has seen no heartbeat of another, by its own clock. */
type SilentForMs = (member: MemberState) => number;

/**
 * The fence's last step. Undefined while its epoch is not passed. Without `silentForMs` there is
 * no epoch, because the victim's process was seen to end.
 */
export function finish(
  self: Member,
  victim: Member,
  silentForMs: SilentForMs | undefined,
): RosterChange {
  return (roster) => {
    openState(roster, self);
    const state = stateOf(roster, victim);
    if (state?.state !== 'closed') return undefined;
    const isLast = silentForMs === undefined || isPassed(roster, state.fenceEpoch, silentForMs);
    if (!isLast) return undefined;
    return { put: [{ ...state, state: 'finished' }] };
  };
}

/**
 * Whether every member that may take a command has passed the epoch, or holds for it. A closed one
 * may not know yet that it is closed. With its old map it could read a block now that a fenced
 * write changes later.
 */
export function isPassed(
  { members }: { readonly members: readonly MemberState[] },
  epoch: number | undefined,
  silentForMs: SilentForMs,
): boolean {
  if (epoch === undefined) return false;
  return members.every((member) => {
    if (member.state === 'finished' || member.heartbeat.epoch >= epoch) return true;
    if (isOpen(member)) return false;
    return member.isAtRest || silentForMs(member) >= CLOSED_REST_MS;
  });
}

/** The epoch of a fence that closes no member: of a volume instance of this member. */
export function raiseOwnEpoch(self: Member): RosterChange {
  return (roster) => {
    openState(roster, self);
    return { epoch: roster.epoch + 1 };
  };
}

export function addInstance(self: Member, instance: Instance): RosterChange {
  return (roster) => {
    const own = openState(roster, self);
    if (own.instances.some(({ address }) => address === instance.address)) return undefined;
    const instances = [...own.instances, instance];
    checkInstances(instances);
    return { put: [{ ...own, instances }] };
  };
}

export function removeInstance(self: Member, address: string): RosterChange {
  return (roster) => {
    const own = openState(roster, self);
    const instances = own.instances.filter((instance) => instance.address !== address);
    if (instances.length === own.instances.length) return undefined;
    return { put: [{ ...own, instances }] };
  };
}

/** One that left cleanly needs no fence. */
export function leave(self: Member, isClean: boolean): RosterChange {
  return (roster) => {
    const own = stateOf(roster, self);
    if (own === undefined || !isOpen(own)) return undefined;
    const state = isClean ? 'finished' : 'closed';
    return { put: [{ ...own, state, isAtRest: true, hasLeft: isClean }] };
  };
}

export function isUnfinished({ state }: MemberState): boolean {
  return state === 'closed';
}

/** A member that is not open must not change the roster. */
function openState(roster: Roster, self: Member): MemberState {
  const own = stateOf(roster, self);
  if (own !== undefined && isOpen(own)) return own;
  throw new Failure('membersClosed', `${self.name} is closed`);
}

function checkInstances(instances: readonly Instance[]): void {
  if (instances.length > INSTANCES_MAX) throw tooMany(`${INSTANCES_MAX} client instances`);
}

function tooMany(what: string): Failure {
  return new Failure('membersTooMany', `the bound is reached: ${what}`);
}
