import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Random } from '../base/random.ts';
import { errorText } from '../base/system-reason.ts';
import type { Log } from '../log/log.ts';
import type { Member, Records } from '../records/records.ts';
import { clusterCall } from './cluster-call.ts';
import type { FencingDriver } from './fencing-driver.ts';
import { Heartbeats } from './heartbeats.ts';
import {
  JOIN_ATTEMPTS_MAX,
  JOIN_STEP_MAX_MS,
  LATE_HEARTBEATS_MAX,
  SUSPICION_HEARTBEATS,
} from './limits.ts';
import { type Instance, isOpen, isSame, type MemberState, stateOf } from './membership.ts';
import { MembershipStore } from './membership-store.ts';
import { open } from './roster-changes.ts';
import type { Roster } from './roster-fields.ts';
import { RosterMembership } from './roster-membership.ts';
import { UnchangedCounter } from './unchanged-counter.ts';

interface JoinMembershipOptions {
  /** Records under an identity that was never a member: others see `records.self`. */
  readonly records: Records;
  readonly driver: FencingDriver;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The client instances that are open already: the records' own. */
  readonly instances: readonly Instance[];
  /**
   * An earlier incarnation that this very process has given up, or whose process was reaped by the
   * one that started this: it is not waited for.
   */
  readonly previous?: Member;
}

/**
 * Makes this gateway a member: opens its incarnation and finishes the fences that are not. It
 * serves only after `admit`. Rejects with `membersNameTaken` while another process shows itself
 * under this name; a name that was left behind is taken when its counter stands still.
 */
export async function joinMembership(options: JoinMembershipOptions): Promise<RosterMembership> {
  const { records, driver, clock, random, log } = options;
  const store = new MembershipStore({ records, clock, random });
  const opened = await openIncarnation(store, options);
  const members = new RosterMembership({ records, store, driver, clock, log, opened });
  members.start();
  // One that cannot be finished now is tried again, by all members; `admit` waits for it.
  await members.finishFences().catch((error: unknown) => {
    log.write('fence_not_finished', { reason: errorText(error) });
  });
  return members;
}

async function openIncarnation(
  store: MembershipStore,
  options: JoinMembershipOptions,
): Promise<Roster> {
  const { records, driver, instances, clock, previous: ended } = options;
  const { self } = records;
  for (let attempt = 0; attempt < JOIN_ATTEMPTS_MAX; attempt++) {
    const dead = await deadPredecessor(store, options);
    // A member that cannot reach the monitors could not finish the fence that a closing begins.
    if (dead !== undefined) {
      await clusterCall(clock, JOIN_STEP_MAX_MS, 'the monitors', driver.confirmMonitor());
    }
    const { epoch: passedEpoch } = await store.read();
    await clusterCall(clock, JOIN_STEP_MAX_MS, 'a barrier', driver.passBarrier());
    const roster = await store.change(open({ self, instances, passedEpoch, dead, ended }));
    const own = stateOf(roster, self);
    if (own === undefined) continue;
    if (isOpen(own)) return roster;
    throw new Failure('membersClosed', `${self.name} was closed right after it had joined`);
  }
  throw new Failure(
    'membersUnavailable',
    `${self.name} cannot join: other members kept changing the membership`,
  );
}

/** An open incarnation of this name that is dead; undefined when there is none that is open. */
async function deadPredecessor(
  store: MembershipStore,
  { records: { self }, driver, clock, previous }: JoinMembershipOptions,
): Promise<MemberState | undefined> {
  const predecessorIn = ({ members }: Roster): MemberState | undefined =>
    members.find((member) => member.name === self.name && isOpen(member));
  const first = predecessorIn(await store.read());
  if (first === undefined || (previous !== undefined && isSame(first, previous))) return first;
  const taken = () =>
    new Failure(
      'membersNameTaken',
      `name ${self.name} is in use by a gateway: end it, or use another`,
    );
  if (driver.processes !== undefined) {
    const living = await driver.processes.living();
    if (living.some((member) => isSame(member, first))) throw taken();
    return first;
  }
  return await new Promise((resolve, reject) => {
    const still = new UnchangedCounter();
    let { counter } = first.heartbeat;
    let moves = 0;
    const end = (settle: () => void): void => {
      row.stop();
      settle();
    };
    const row = new Heartbeats({
      clock,
      beat: () => store.read(),
      onReport: ({ view, kind }) => {
        if (kind === 'gap') still.reset();
        if (view === undefined) return;
        const now = predecessorIn(view);
        if (now === undefined) return end(() => resolve(undefined));
        const { incarnation, heartbeat } = now;
        if (heartbeat.counter !== counter) moves += 1;
        counter = heartbeat.counter;
        if (!isSame(now, first) || moves > LATE_HEARTBEATS_MAX) return end(() => reject(taken()));
        if (kind !== 'regular') return;
        still.observe(new Map([[incarnation, heartbeat.counter]]));
        if (still.count(incarnation) >= SUSPICION_HEARTBEATS) end(() => resolve(now));
      },
    });
    row.start();
  });
}
