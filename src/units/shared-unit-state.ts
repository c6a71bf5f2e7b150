import { assert, InvariantBroken } from '../base/assert.ts';
import { type Clock, sleep, type Timer } from '../base/clock.ts';
import { errorText } from '../base/system-reason.ts';
import type { Log } from '../log/log.ts';
import { isSame, type Membership } from '../membership/membership.ts';
import {
  type ChangeOrigin,
  COMMITTED,
  NOT_COMMITTED,
  NOT_ENFORCED,
  type SharedState,
  type UnitChange,
  type UnitEventTarget,
  type UnitState,
} from '../scsi/unit-state.ts';
import { ChangeTurns } from './change-turns.ts';
import type { EventCompletion } from './event-completion.ts';
import { COMMIT_MAX_MS, RETRY_MS, YIELD_MAX_MS } from './limits.ts';
import { LostIncarnations } from './lost-incarnations.ts';
import type { Marks } from './marks.ts';
import { requireReservations } from './older-releases.ts';
import { settleEvent } from './settle-event.ts';
import { SharedRead } from './shared-read.ts';
import type { Attempt, UnitEvents } from './unit-events.ts';
import { type UnitRecord, withEvent } from './unit-record.ts';
import type { ReplaceResult, StoredUnit, UnitRecords } from './unit-records.ts';

type Outcome = Awaited<ReturnType<UnitState['commit']>>;

interface SharedUnitStateParts {
  readonly uuid: string;
  readonly events: UnitEvents;
  readonly unitRecords: UnitRecords;
  readonly completion: EventCompletion;
  readonly marks: Marks;
  readonly membership: Membership;
  readonly nextSerial: () => number;
  readonly clock: Clock;
  readonly log: Log;
  readonly isOver: () => boolean;
  readonly onClose: () => void;
}

/** A change on its way into the record. */
interface Request {
  readonly change: UnitChange;
  readonly origin: ChangeOrigin | undefined;
  readonly beganMs: number;
  /** A compare-and-set was sent: the record may have the change. */
  isAttempted: boolean;
  /** Told the number of the event, or how the command ends without one. */
  readonly outcome: PromiseWithResolvers<number | Outcome>;
}

/** The shared state of a logical unit that gateways agree on by its record. */
export class SharedUnitState implements UnitState {
  readonly #parts: SharedUnitStateParts;
  readonly #catchUp: SharedRead;
  readonly #lost: LostIncarnations;
  /** One at a time is committed. */
  readonly #turns = new ChangeTurns<Request>();
  /** The change being committed, which checks itself whether it is given up. */
  #attempted: Request | undefined;
  #isWorking = false;
  #lookout: Timer | undefined;
  #isClosed = false;
  /** Logged once, until a change is committed. */
  #complained = false;

  constructor(parts: SharedUnitStateParts) {
    const { uuid, events, unitRecords, membership } = parts;
    this.#parts = parts;
    this.#lost = new LostIncarnations(membership, () => events.readAgain());
    this.#catchUp = new SharedRead(async () => {
      const stored = await unitRecords.read(uuid, events.stored);
      if (stored !== undefined) events.take(stored);
    });
  }

  get current(): SharedState {
    return this.#parts.events.state;
  }

  /** It has changes that are not committed yet. */
  get isWaiting(): boolean {
    return !this.#turns.isEmpty;
  }

  async commit(change: UnitChange, origin?: ChangeOrigin): Promise<Outcome> {
    assert(!this.#isClosed, 'a state that changes is open');
    const { events, completion, clock } = this.#parts;
    const asked = Promise.withResolvers<number | Outcome>();
    const beganMs = clock.now();
    const request: Request = { change, origin, beganMs, isAttempted: false, outcome: asked };
    if (!this.#turns.add(request)) return NOT_COMMITTED;
    void this.#work();
    this.#lookLater();
    const outcome = await asked.promise;
    if (typeof outcome !== 'number') return await this.#unlessUnknown(request, outcome);
    const isEnforced = await completion.complete(events);
    if (isEnforced || events.completed >= outcome) return COMMITTED;
    return await this.#unlessUnknown(request, NOT_ENFORCED);
  }

  /**
   * A gateway that is over does not know what became of a change that it sent, and its sessions are
   * about to end: the command is left without an answer, because each would be a guess.
   */
  #unlessUnknown({ origin, isAttempted }: Request, result: Outcome): Promise<Outcome> {
    const { events, isOver } = this.#parts;
    // It finds itself closed in the members object before its membership tells it.
    const isClosed = isOver() || (result === NOT_ENFORCED && !events.cannotEnforce);
    const isUnknown = origin !== undefined && isAttempted && isClosed;
    return isUnknown ? new Promise(() => {}) : Promise.resolve(result);
  }

  get life(): number {
    return this.#parts.membership.view.life;
  }

  isLost(incarnation: string): boolean {
    return this.#lost.isLost(incarnation);
  }

  async latest(): Promise<SharedState | undefined> {
    const { events, completion, clock } = this.#parts;
    const deadlineMs = clock.now() + COMMIT_MAX_MS;
    try {
      await this.#catchUp.ask();
    } catch {
      return undefined;
    }
    const { state, number } = events;
    if (!events.isCompleted) void completion.complete(events);
    const isEnforced = () => events.completed >= number;
    return (await events.until(isEnforced, deadlineMs - clock.now())) ? state : undefined;
  }

  attach(target: UnitEventTarget): void {
    this.#parts.events.attach(target);
  }

  close(): void {
    assert(!this.#isClosed, 'a state is closed once');
    this.#isClosed = true;
    this.#parts.events.detach();
    this.#parts.onClose();
  }

  /** Writes the last event as settled; resolves whether it is. For `Marks`. */
  async settle(): Promise<boolean> {
    const { events, unitRecords } = this.#parts;
    try {
      if (!events.isCompleted) await this.#catchUp.ask();
    } catch {
      return false;
    }
    // Its author, or the member that settles for it, is about to complete it.
    if (!events.isCompleted) return false;
    try {
      return await settleEvent(unitRecords, events);
    } catch {
      return false;
    }
  }

  /** Commits what waits, one after the other. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    for (let next = this.#turns.next; next !== undefined; next = this.#turns.next) {
      this.#attempted = next;
      try {
        const outcome = await this.#takeTurn(next);
        if (outcome !== undefined) this.#end(next, outcome);
      } catch (error) {
        this.#turns.remove(next);
        next.outcome.reject(error);
      }
      this.#attempted = undefined;
    }
    this.#isWorking = false;
  }

  #end(request: Request, outcome: number | Outcome): void {
    this.#turns.remove(request);
    request.outcome.resolve(outcome);
  }

  /** An aborted command causes no call here, so aborts are looked for. */
  #lookLater(): void {
    this.#lookout ??= this.#parts.clock.after(RETRY_MS, () => {
      this.#lookout = undefined;
      for (const request of this.#turns.all) {
        if (request !== this.#attempted && this.#isGivenUp(request)) {
          this.#end(request, NOT_COMMITTED);
        }
      }
      if (this.isWaiting) this.#lookLater();
    });
  }

  /** As `#attempt`, but first waits until the event in the slot is completed. */
  async #takeTurn(request: Request): Promise<number | Outcome | undefined> {
    const { events, completion, membership, clock } = this.#parts;
    if (this.#isGivenUp(request)) return NOT_COMMITTED;
    const { number } = events;
    if (!events.isCompleted) {
      void completion.complete(events);
      const hasChanged = () => events.number !== number || events.isCompleted;
      await events.until(() => hasChanged() || this.#isGivenUp(request), RETRY_MS);
      return undefined;
    }
    // Most changes that change nothing are found before a mark is set, and answered from memory.
    const transition = request.change(events.state);
    if ('status' in transition) {
      if (clock.now() < membership.memoryLease.untilMs) return transition;
      await sleep(clock, RETRY_MS);
      return undefined;
    }
    if (this.#owesTurn && (await events.until(() => events.number !== number, YIELD_MAX_MS))) {
      return undefined;
    }
    return await this.#attempt(request);
  }

  /**
   * Another gateway waited for the last event, which is this gateway's. Its change comes first:
   * otherwise this gateway, which knows the end of its event earlier, would always precede it.
   */
  get #owesTurn(): boolean {
    const { events, membership } = this.#parts;
    const { last } = events.stored.record;
    return events.doOthersWait && last !== undefined && isSame(last.author, membership.self);
  }

  /**
   * The number of the event, or how the command ends without one; undefined: it was not committed,
   * and may be tried again.
   */
  async #attempt(request: Request): Promise<number | Outcome | undefined> {
    const { uuid, marks, clock, log } = this.#parts;
    try {
      await marks.hold(uuid);
      try {
        return await this.#replace(request);
      } finally {
        marks.release(uuid);
      }
    } catch (error) {
      if (error instanceof InvariantBroken) throw error;
      if (!this.#complained) log.write('unit_change_failed', { uuid, reason: errorText(error) });
      this.#complained = true;
      await sleep(clock, RETRY_MS);
      return undefined;
    }
  }

  async #replace(request: Request): Promise<number | Outcome | undefined> {
    const { events, membership, nextSerial } = this.#parts;
    const { self } = membership;
    // The mark took time: the command may be aborted by now, or another event in the slot.
    if (this.#isGivenUp(request) || !events.isCompleted) return undefined;
    const before = events.stored;
    const { record } = before;
    const transition = request.change(record.state);
    if ('status' in transition) return undefined;
    requireReservations(membership.view, record.state, transition.next);
    const serial = nextSerial();
    const next = withEvent(record, transition, { author: self, serial });
    const { incarnation } = self;
    const attempt: Attempt = { incarnation, serial, origin: request.origin, applied: undefined };
    events.expect(attempt);
    request.isAttempted = true;
    let isUnknown = false;
    try {
      for (;;) {
        const result = await this.#replaceOnce(before, next, isUnknown);
        isUnknown ||= result.status === 'unknown';
        if (result.status === 'done') {
          events.take({ version: result.version, record: next });
          this.#complained = false;
          return next.number;
        }
        const stored = result.status === 'conflict' ? result.stored : await this.#readAgain();
        // The disk was deleted, or this gateway is over.
        if (stored === undefined) return NOT_COMMITTED;
        events.take(stored);
        // Another gateway may have sent it back, and committed the next event meanwhile.
        if (attempt.applied !== undefined) return attempt.applied;
        // The answer was lost, and maybe the attempt as well: makes the same one again.
        if (result.status === 'conflict' || stored.version !== before.version) {
          request.isAttempted = false;
          return undefined;
        }
      }
    } finally {
      events.expect(undefined);
    }
  }

  /** A refusal says nothing about an earlier attempt whose answer was lost. */
  async #replaceOnce(
    before: StoredUnit,
    next: UnitRecord,
    isUnknown: boolean,
  ): Promise<ReplaceResult> {
    const { uuid, unitRecords, clock } = this.#parts;
    try {
      return await unitRecords.replace(uuid, before, next);
    } catch (error) {
      if (!isUnknown || error instanceof InvariantBroken) throw error;
      await sleep(clock, RETRY_MS);
      return { status: 'unknown' };
    }
  }

  /** Only the record tells whether an attempt of unknown outcome was made. */
  async #readAgain(): Promise<StoredUnit | undefined> {
    const { uuid, events, unitRecords, clock, isOver } = this.#parts;
    while (!isOver()) {
      try {
        return await unitRecords.read(uuid, events.stored);
      } catch (error) {
        if (error instanceof InvariantBroken) throw error;
        await sleep(clock, RETRY_MS);
      }
    }
    return undefined;
  }

  /** A command's change is committed soon or not at all; others are attempted for ever. */
  #isGivenUp({ origin, beganMs }: Request): boolean {
    const { clock, isOver } = this.#parts;
    if (isOver() || this.#isClosed) return true;
    if (origin === undefined) return false;
    return origin.isAborted || clock.now() - beganMs > COMMIT_MAX_MS;
  }
}
