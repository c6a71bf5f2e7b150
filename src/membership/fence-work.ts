import { type Clock, sleep } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../log/log.ts';
import type { LogLimiter } from '../log/log-limiter.ts';
import type { Member } from '../records/records.ts';
import { clusterCall, unconfirmed } from './cluster-call.ts';
import type { FencingDriver } from './fencing-driver.ts';
import { BLOCKLIST_MAX_MS, FENCE_POLL_MS, MONITOR_CONFIRM_MAX_MS } from './limits.ts';
import { isOver, type MemberState, type MembershipView, stateOf } from './membership.ts';
import type { MembershipStore } from './membership-store.ts';
import { close, finish, isPassed, raiseEpoch } from './roster-changes.ts';
import type { SignsOfLife } from './signs-of-life.ts';

interface FenceWorkOptions {
  readonly self: Member;
  readonly store: MembershipStore;
  readonly driver: FencingDriver;
  readonly signs: Pick<SignsOfLife, 'silentForMs'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Bounds the lines of a fence that is tried again and again. */
  readonly lines: LogLimiter;
  /** The next view, read after the call; undefined when this member is over. */
  readonly nextView: () => Promise<MembershipView | undefined>;
  /** Something was changed that the others should read at once. */
  readonly onChanged: () => void;
}

/**
 * Why a member is fenced. `holds` is evaluated again on the view that is read right before the
 * member is closed.
 */
export interface FenceReason {
  readonly text: string;
  readonly holds: (victim: MemberState) => boolean;
  /** It holds only for a member that takes no command by then. */
  readonly provesRest?: boolean;
}

/** Fences members, each once at a time. Every step can be repeated, also by another member. */
export class FenceWork {
  readonly #options: FenceWorkOptions;
  readonly #running = new Map<string, Promise<void>>();

  constructor(options: FenceWorkOptions) {
    this.#options = options;
  }

  isRunning(victim: Member): boolean {
    return this.#running.has(victim.incarnation);
  }

  /**
   * Resolves when the fence is finished, or its reason no longer holds. Rejects when a step of the
   * cluster or the store failed, or this member is over.
   */
  fence(victim: Member, reason: FenceReason): Promise<void> {
    const running = this.#running.get(victim.incarnation);
    if (running !== undefined) return running;
    const work = this.#fence(victim, reason).finally(() => {
      this.#running.delete(victim.incarnation);
    });
    this.#running.set(victim.incarnation, work);
    return work;
  }

  async #fence(victim: Member, reason: FenceReason): Promise<void> {
    const { self, store, driver, log, lines, onChanged } = this.#options;
    // A member that cannot reach the monitors could close another, and then not fence it: so it
    // closes nothing.
    await this.confirmMonitor();
    const closing = close(self, victim, reason.holds, reason.provesRest);
    const closed = stateOf(await store.change(closing), victim);
    if (closed?.state !== 'closed') return;
    const fields = { member: victim.name, reason: reason.text };
    lines.write('fence_started', fields, victim.incarnation);
    onChanged();
    if (driver.processes !== undefined) {
      if (!(await driver.processes.end(victim))) throw unconfirmed('its process did not end');
    } else if (closed.fenceEpoch === undefined) {
      await Promise.all(closed.instances.map(({ address }) => this.blocklist(address)));
      await store.change(raiseEpoch(self, victim));
      onChanged();
    }
    await this.#finish(victim);
    log.write('fence_finished', { member: victim.name });
  }

  /** A round trip to the monitors that begins now; rejects with `membersUnconfirmed`. */
  async confirmMonitor(): Promise<void> {
    const { driver, clock } = this.#options;
    const call = driver.confirmMonitor();
    await clusterCall(clock, MONITOR_CONFIRM_MAX_MS, 'the monitors', call);
  }

  /** Keeps an instance from changing anything; rejects with `membersUnconfirmed`. */
  async blocklist(address: string): Promise<void> {
    const { driver, clock } = this.#options;
    await clusterCall(clock, BLOCKLIST_MAX_MS, 'the blocklist', driver.blocklist(address));
  }

  async #finish(victim: Member): Promise<void> {
    const { self, store, driver, signs, onChanged } = this.#options;
    const silentForMs = driver.processes === undefined ? signs.silentForMs : undefined;
    const isReady = (view: MembershipView) => {
      if (silentForMs === undefined || isOver(view, victim)) return true;
      return isPassed(view, stateOf(view, victim)?.fenceEpoch, silentForMs);
    };
    for (;;) {
      const view = await this.until(isReady);
      if (isOver(view, victim)) return;
      if (!isOver(await store.change(finish(self, victim, silentForMs)), victim)) continue;
      onChanged();
      return;
    }
  }

  /** Resolves with the first view for which it holds; rejects once this member is over. */
  async until(holds: (view: MembershipView) => boolean): Promise<MembershipView> {
    const { self, clock, nextView } = this.#options;
    for (;;) {
      const view = await nextView();
      if (view === undefined) throw new Failure('membersClosed', `${self.name} is closed`);
      if (holds(view)) return view;
      await sleep(clock, FENCE_POLL_MS);
    }
  }
}
