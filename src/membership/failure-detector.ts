import type { Clock } from '../base/clock.ts';
import type { Member } from '../records/records.ts';
import type { FenceReason } from './fence-work.ts';
import type { FencedProcesses } from './fencing-driver.ts';
import {
  BARRIER_HEARTBEATS,
  FENCE_RESUME_AFTER_MS,
  FENCE_RESUME_RANK_MS,
  SUSPICION_HEARTBEATS,
} from './limits.ts';
import { isOpen, isSame, type MemberState, type MembershipView } from './membership.ts';
import { isUnfinished } from './roster-changes.ts';
import { StoppedMembers } from './stopped-members.ts';
import { UnchangedCounter } from './unchanged-counter.ts';

interface FailureDetectorOptions {
  readonly self: Member;
  readonly clock: Clock;
  readonly processes: FencedProcesses | undefined;
  readonly fence: (victim: Member, reason: FenceReason) => void;
}

/**
 * Decides from the views that heartbeats read which members must be fenced, and which unfinished
 * fences must be resumed.
 */
export class FailureDetector {
  readonly #options: FailureDetectorOptions;
  readonly #silent = new UnchangedCounter();
  readonly #behind = new UnchangedCounter();
  readonly #stopped = new StoppedMembers();
  /** The epoch that is asked of a member that has not passed it, by incarnation. */
  #asked = new Map<string, number>();
  /** Since when an incarnation is seen closed without a finished fence. */
  #closedSinceMs = new Map<string, number>();
  #isCheckingProcesses = false;

  constructor(options: FailureDetectorOptions) {
    this.#options = options;
  }

  /** This gateway was stopped and observed nothing: its counts start again. */
  gap(): void {
    this.#silent.reset();
    this.#behind.reset();
  }

  /** One heartbeat of the row, sent on time and confirmed in time. */
  observe(view: MembershipView): void {
    const { processes, fence } = this.#options;
    // Where members are processes they show no heartbeats: `checkProcesses` sees them themselves.
    if (processes !== undefined) return;
    const others = this.#othersIn(view);
    this.#silent.observe(new Map(others.map((o) => [o.incarnation, o.heartbeat.counter])));
    this.#asked = this.#epochsAsked(view.epoch, others);
    this.#behind.observe(this.#asked);
    for (const other of others) {
      const { incarnation, heartbeat } = other;
      if (this.#silent.count(incarnation) >= SUSPICION_HEARTBEATS) {
        const holds = (now: MemberState) => now.heartbeat.counter === heartbeat.counter;
        fence(other, { text: 'it shows no sign of life', holds, provesRest: true });
      } else if (this.#behind.count(incarnation) >= BARRIER_HEARTBEATS) {
        const asked = this.#asked.get(incarnation)!;
        const holds = (now: MemberState) => now.heartbeat.epoch < asked;
        fence(other, { text: 'it neither passes the barrier nor holds', holds });
      }
    }
  }

  /** One heartbeat of the row, on time or not. */
  checkProcesses(view: MembershipView): void {
    const { processes } = this.#options;
    if (processes !== undefined) void this.#lookFor(this.#othersIn(view), processes);
  }

  /** Any view: a closed incarnation must not stay so. */
  resumeFences(view: MembershipView): void {
    const { self, clock, fence } = this.#options;
    const unfinished = view.members.filter(isUnfinished);
    const nowMs = clock.now();
    this.#closedSinceMs = new Map(
      unfinished.map(({ incarnation }) => [
        incarnation,
        this.#closedSinceMs.get(incarnation) ?? nowMs,
      ]),
    );
    const rank = view.members.filter(isOpen).findIndex((member) => isSame(member, self));
    const waitMs = FENCE_RESUME_AFTER_MS + rank * FENCE_RESUME_RANK_MS;
    for (const member of unfinished) {
      if (nowMs - this.#closedSinceMs.get(member.incarnation)! < waitMs) continue;
      fence(member, { text: 'its fence was not finished', holds: () => true });
    }
  }

  #othersIn({ members }: MembershipView): readonly MemberState[] {
    const { self } = this.#options;
    return members.filter((member) => isOpen(member) && !isSame(member, self));
  }

  /** One that is asked for an epoch is asked for that one until it has passed it. */
  #epochsAsked(epoch: number, others: readonly MemberState[]): Map<string, number> {
    const asked = new Map<string, number>();
    for (const { incarnation, heartbeat } of others) {
      if (heartbeat.epoch >= epoch) continue;
      const before = this.#asked.get(incarnation) ?? 0;
      asked.set(incarnation, before > heartbeat.epoch ? before : epoch);
    }
    return asked;
  }

  async #lookFor(others: readonly MemberState[], processes: FencedProcesses): Promise<void> {
    if (this.#isCheckingProcesses || others.length === 0) return;
    this.#isCheckingProcesses = true;
    // A look that fails shows nothing; the next heartbeat looks again.
    const living = await processes.states().catch(() => undefined);
    this.#isCheckingProcesses = false;
    if (living === undefined) return;
    const stopped = this.#stopped.check(living, this.#options.clock.now());
    for (const other of others) {
      if (!living.some((member) => isSame(member, other))) {
        this.#options.fence(other, { text: 'its process has ended', holds: () => true });
      } else if (stopped.has(other.incarnation)) {
        this.#options.fence(other, { text: 'its process is stopped', holds: () => true });
      }
    }
  }
}
