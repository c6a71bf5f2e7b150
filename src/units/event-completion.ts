import { type Clock, sleep, within } from '../base/clock.ts';
import { errorText } from '../base/system-reason.ts';
import type { Log } from '../log/log.ts';
import {
  isOpen,
  isOver,
  isSame,
  type MemberState,
  type Membership,
  type MembershipView,
  stateOf,
} from '../membership/membership.ts';
import type { Member, Records } from '../records/records.ts';
import { channelOf, decodeAcknowledgement, encodeEventMessage } from './event-message.ts';
import { NOTIFY_INTERVAL_MS, RETRY_MS, SILENCE_MAX_MS, STORE_CONFIRM_MAX_MS } from './limits.ts';
import type { UnitEvents } from './unit-events.ts';
import type { UnitRecords } from './unit-records.ts';

interface EventCompletionOptions {
  readonly membership: Membership;
  readonly records: Pick<Records, 'notify'>;
  readonly unitRecords: UnitRecords;
  readonly clock: Clock;
  readonly log: Log;
  /** This gateway is over: nothing that it completes counts. */
  readonly isOver: () => boolean;
}

interface ToldEvent {
  readonly events: UnitEvents;
  readonly number: number;
  readonly message: Uint8Array;
}

/** Completes events: makes sure that every gateway that counts enforces them. */
export class EventCompletion {
  readonly #options: EventCompletionOptions;
  readonly #running = new Map<UnitEvents, { number: number; done: Promise<boolean> }>();

  constructor(options: EventCompletionOptions) {
    this.#options = options;
  }

  /**
   * Resolves true when every gateway enforces the last event of the logical unit; false when this
   * gateway cannot, or is over. May be called for one event as often as it is needed.
   */
  complete(events: UnitEvents): Promise<boolean> {
    const { number } = events;
    const running = this.#running.get(events);
    if (running?.number === number) return running.done;
    const done = this.#complete(events, number).finally(() => {
      if (this.#running.get(events)?.number === number) this.#running.delete(events);
    });
    this.#running.set(events, { number, done });
    return done;
  }

  async #complete(events: UnitEvents, number: number): Promise<boolean> {
    const { membership, clock, isOver: isEnd } = this.#options;
    const acknowledged = new Set<string>();
    const { uuid } = events.state.identity;
    const message = encodeEventMessage(uuid, events.stored, events.before);
    const silence = new Silence(clock);
    const isDecided = () =>
      events.enforced >= number || events.completed >= number || events.cannotEnforce || isEnd();
    for (;;) {
      const roundMs = clock.now();
      await Promise.all([
        this.#notify({ events, number, message }, acknowledged),
        events.until(isDecided, NOTIFY_INTERVAL_MS),
      ]);
      if (events.completed >= number) return true;
      if (events.cannotEnforce || isEnd()) return false;
      // One read counts, begun after the last acknowledgement: a member that is closed meanwhile
      // may act on what it read before, so only the end of its fence counts.
      const view = await this.#readMembers(silence);
      if (view !== undefined) {
        const own = stateOf(view, membership.self);
        if (own === undefined || !isOpen(own)) return false;
        const missing = this.#missing(view, events, number, acknowledged);
        if (missing.length === 0 && events.enforced >= number) break;
        await this.#fenceSilent(missing, silence, events);
      }
      await sleep(clock, Math.max(RETRY_MS, roundMs + NOTIFY_INTERVAL_MS - clock.now()));
    }
    events.complete(number);
    return true;
  }

  /** Members that keep the event incomplete: open without an acknowledgement, or closed. */
  #missing(
    view: MembershipView,
    events: UnitEvents,
    number: number,
    acknowledged: ReadonlySet<string>,
  ): readonly MemberState[] {
    const { self } = this.#options.membership;
    const { uuid } = events.state.identity;
    return view.members.filter((member) => {
      // A release that knows nothing of events cannot acknowledge them.
      if (isSame(member, self) || isOver(view, member) || !member.enforcesEvents) return false;
      const told = member.heartbeat.acknowledged.get(uuid) ?? -1;
      return !isOpen(member) || (told < number && !acknowledged.has(member.incarnation));
    });
  }

  async #readMembers(silence: Silence): Promise<MembershipView | undefined> {
    const { membership, clock } = this.#options;
    const beginMs = clock.now();
    try {
      const view = await membership.read();
      silence.confirm(view, beginMs);
      return view;
    } catch {
      silence.interrupt();
      await sleep(clock, RETRY_MS);
      return undefined;
    }
  }

  /** Adds the incarnations that acknowledge the event, and notes those that wait for its end. */
  async #notify({ events, number, message }: ToldEvent, acknowledged: Set<string>): Promise<void> {
    const { records, membership, clock } = this.#options;
    const { uuid } = events.state.identity;
    try {
      const { answers } = await records.notify(channelOf(uuid), message, NOTIFY_INTERVAL_MS);
      for (const { from, payload } of answers) {
        const acknowledgement = decodeAcknowledgement(payload);
        if (acknowledgement === undefined || acknowledgement.number < number) continue;
        acknowledged.add(from.incarnation);
        if (acknowledgement.isWaiting && !isSame(from, membership.self)) events.othersWait();
      }
    } catch {
      // Heartbeats also acknowledge it.
      await sleep(clock, RETRY_MS);
    }
  }

  async #fenceSilent(
    missing: readonly MemberState[],
    silence: Silence,
    events: UnitEvents,
  ): Promise<void> {
    const { membership, unitRecords, clock, log } = this.#options;
    const silent = missing.filter((member) => isOpen(member) && silence.isSilent(member));
    if (silent.length === 0) return;
    const { uuid } = events.state.identity;
    // If the store is silent, no member is to blame.
    const reading = unitRecords.read(uuid).then(
      () => true,
      () => false,
    );
    if ((await within(clock, STORE_CONFIRM_MAX_MS, reading)) !== true) return silence.interrupt();
    for (const member of silent) {
      const { name } = member;
      log.write('unit_event_not_enforced', { member: name, uuid, eventNumber: events.number });
      membership.fence(member).catch((error: unknown) => {
        log.write('fence_not_finished', { member: name, reason: errorText(error) });
      });
    }
  }
}

/** How long members with heartbeats have not acknowledged an event. */
class Silence {
  readonly #clock: Clock;
  #sinceMs: number;
  #counters: ReadonlyMap<string, number> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.now();
  }

  /** The store did not answer, or not soon enough to blame members: the time begins again. */
  interrupt(): void {
    this.#sinceMs = this.#clock.now();
    this.#counters = undefined;
  }

  confirm(view: MembershipView, beginMs: number): void {
    if (this.#clock.now() - beginMs > STORE_CONFIRM_MAX_MS) this.interrupt();
    else
      this.#counters ??= new Map(view.members.map((each) => [each.incarnation, counterOf(each)]));
  }

  isSilent(member: MemberState): boolean {
    if (this.#clock.now() - this.#sinceMs < SILENCE_MAX_MS) return false;
    const before = this.#counters?.get(member.incarnation);
    if (before === undefined) return false;
    // Processes of one host show no heartbeats; other means show that they run.
    return counterOf(member) > before || counterOf(member) === 0;
  }
}

function counterOf({ heartbeat }: MemberState): number {
  return heartbeat.counter;
}

/** The place of a member among those that count, from 0. */
export function rankOf(view: MembershipView, self: Member): number {
  const own = stateOf(view, self);
  return own === undefined ? 0 : view.members.filter(isOpen).indexOf(own);
}
