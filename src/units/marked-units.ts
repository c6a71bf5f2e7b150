import { type Clock, sleep, type Timer } from '../base/clock.ts';
import type { Log } from '../log/log.ts';
import {
  isOver,
  isSame,
  type Mark,
  type Membership,
  type MembershipView,
} from '../membership/membership.ts';
import type { Member } from '../records/records.ts';
import { type EventCompletion, rankOf } from './event-completion.ts';
import { MARKED_READ_INTERVAL_MS, RANK_MS, UNSETTLED_MAX_MS } from './limits.ts';
import { settleEvent } from './settle-event.ts';
import { UnitEvents } from './unit-events.ts';
import { isSettled } from './unit-record.ts';
import type { StoredUnit, UnitRecords } from './unit-records.ts';

interface MarkedUnitsOptions {
  readonly membership: Membership;
  readonly unitRecords: UnitRecords;
  readonly completion: EventCompletion;
  readonly clock: Clock;
  readonly log: Log;
  /** Of a logical unit that this gateway has loaded. */
  readonly eventsOf: (uuid: string) => UnitEvents | undefined;
  readonly isLoading: (uuid: string) => boolean;
}

/** What is known of a logical unit with a mark of another member. */
interface MarkedUnit {
  readonly uuid: string;
  authors: readonly Member[];
  /** When a notification of it last came. */
  heardMs: number;
  isReading: boolean;
  /** The last event, of a unit that this gateway does not have. */
  readNumber: number | undefined;
  /** The event that was found unsettled, and since when. */
  unsettled: { readonly number: number; readonly sinceMs: number } | undefined;
}

/**
 * Watches the logical units that others have marked. A notification may be lost, so it reads their
 * records; an author may be lost as well, so it completes its event, and removes its mark.
 */
export class MarkedUnits {
  readonly #options: MarkedUnitsOptions;
  readonly #units = new Map<string, MarkedUnit>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: MarkedUnitsOptions) {
    this.#options = options;
  }

  follow({ marks }: MembershipView): void {
    const { membership, clock } = this.#options;
    const foreign = marks.filter(({ author }) => !isSame(author, membership.self));
    const authorsOf = Map.groupBy(foreign, ({ unit }) => unit);
    for (const uuid of this.#units.keys()) if (!authorsOf.has(uuid)) this.#units.delete(uuid);
    for (const [uuid, each] of authorsOf) {
      const authors = each.map(({ author }) => author);
      const known = this.#units.get(uuid);
      if (known !== undefined) known.authors = authors;
      else this.#units.set(uuid, newlyMarked(uuid, authors, clock.now()));
    }
    if (this.#units.size > 0) this.#readLater();
  }

  /** A member is gone: reads the records of the units that it marked at once. */
  gone(member: Member): void {
    for (const unit of this.#units.values()) {
      if (unit.authors.some((author) => isSame(author, member))) void this.#read(unit);
    }
  }

  /** The logical unit has been loaded: its last event may be one that nobody completes. */
  readEventOf(uuid: string): void {
    const unit = this.#units.get(uuid);
    if (unit !== undefined) void this.#read(unit);
  }

  /** A notification of it came: its record need not be read now. */
  told(uuid: string): void {
    const unit = this.#units.get(uuid);
    if (unit !== undefined) unit.heardMs = this.#options.clock.now();
  }

  /** Notifications may have been missed. */
  readSoon(): void {
    for (const unit of this.#units.values()) void this.#read(unit);
  }

  /** Of a marked unit that this gateway does not have: the event with which it would be loaded. */
  readNumber(uuid: string): number | undefined {
    return this.#units.get(uuid)?.readNumber;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #readLater(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = this.#options.clock.after(MARKED_READ_INTERVAL_MS, () => {
      this.#timer = undefined;
      const silentMs = this.#options.clock.now() - MARKED_READ_INTERVAL_MS;
      for (const unit of this.#units.values()) if (unit.heardMs <= silentMs) void this.#read(unit);
      if (this.#units.size > 0) this.#readLater();
    });
  }

  async #read(unit: MarkedUnit): Promise<void> {
    if (unit.isReading || this.#isClosed) return;
    unit.isReading = true;
    try {
      // Before the read, after which no compare-and-set of a finished member can land.
      const over = this.#over(unit);
      const { unitRecords, eventsOf } = this.#options;
      const stored = await unitRecords.read(unit.uuid, eventsOf(unit.uuid)?.stored);
      if (!this.#isClosed) await this.#take(unit, stored, over);
    } catch {
      // Read again, as long as the mark is there.
    } finally {
      unit.isReading = false;
    }
  }

  async #take(
    unit: MarkedUnit,
    stored: StoredUnit | undefined,
    over: readonly Member[],
  ): Promise<void> {
    const { eventsOf, isLoading, clock, membership } = this.#options;
    if (isLoading(unit.uuid)) return;
    const events = eventsOf(unit.uuid);
    if (stored !== undefined) events?.take(stored);
    unit.readNumber = events === undefined ? (stored?.record.number ?? 0) : undefined;
    const { view, self } = membership;
    if (stored === undefined || isSettled(stored.record)) {
      await this.#removeMarks(unit, over);
      return;
    }
    const { number, last } = stored.record;
    if (unit.unsettled?.number !== number) unit.unsettled = { number, sinceMs: clock.now() };
    const isLeft = over.some((author) => last !== undefined && isSame(author, last.author));
    const isLate = clock.now() - unit.unsettled.sinceMs >= UNSETTLED_MAX_MS;
    if (!isLeft && !isLate) return;
    // One after the other: mostly the first has completed it when the second looks.
    await sleep(clock, rankOf(view, self) * RANK_MS);
    await this.#settle(unit, stored);
  }

  async #settle(unit: MarkedUnit, stored: StoredUnit): Promise<void> {
    const { eventsOf, completion, unitRecords, clock, log } = this.#options;
    const { uuid } = unit;
    const over = this.#over(unit);
    const now = await unitRecords.read(uuid, stored);
    if (now === undefined || now.record.number !== stored.record.number) return;
    if (isSettled(now.record)) return await this.#removeMarks(unit, over);
    const events = eventsOf(uuid) ?? new UnitEvents({ loaded: now, clock });
    events.take(now);
    if (!(await completion.complete(events))) return;
    if (!(await settleEvent(unitRecords, events))) return;
    log.write('unit_event_completed', { uuid, eventNumber: events.number });
    await this.#removeMarks(unit, over);
  }

  #over({ authors }: MarkedUnit): readonly Member[] {
    return authors.filter((author) => isOver(this.#options.membership.view, author));
  }

  /** Of members that are over: they commit nothing more, and what they committed is settled. */
  async #removeMarks({ uuid }: MarkedUnit, over: readonly Member[]): Promise<void> {
    const { membership } = this.#options;
    if (over.length === 0 || rankOf(membership.view, membership.self) > 0) return;
    await membership.unmark(over.map((author): Mark => ({ unit: uuid, author })));
  }
}

function newlyMarked(uuid: string, authors: readonly Member[], heardMs: number): MarkedUnit {
  return { uuid, authors, heardMs, isReading: false, readNumber: undefined, unsettled: undefined };
}
