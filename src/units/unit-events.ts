import { assert } from '../base/assert.ts';
import { type Clock, within } from '../base/clock.ts';
import type { ChangeOrigin, SharedState, UnitEventTarget } from '../scsi/unit-state.ts';
import type { StoredUnit } from './unit-records.ts';

/** What a gateway needs when it meets the event that it tries to commit as its own. */
export interface Attempt {
  readonly incarnation: string;
  readonly serial: number;
  readonly origin: ChangeOrigin | undefined;
  /** The number of the event, once it is applied, however this gateway came to know of it. */
  applied: number | undefined;
}

interface UnitEventsOptions {
  readonly loaded: StoredUnit;
  readonly clock: Clock;
  /** This gateway missed an event, so it no longer counts and must end. */
  readonly onBehind?: () => void;
}

/**
 * The events of one logical unit as they take effect at this gateway: each once, in their order,
 * however it comes to know of them (its own commit, a notification, a record that it read).
 */
export class UnitEvents {
  readonly #options: UnitEventsOptions;
  #stored: StoredUnit;
  #before: StoredUnit | undefined;
  #target: UnitEventTarget | undefined;
  #attempt: Attempt | undefined;
  /** The last event that this gateway enforces. */
  #enforced: number;
  #cannotEnforce = false;
  #isBehind = false;
  /** At the last event, another gateway had a change that waited. */
  #doOthersWait = false;
  /** The last event that all gateways enforce, as far as this one knows. */
  #completed: number;
  /** Events are enforced in their order. */
  #enforcing: Promise<unknown> = Promise.resolve();
  #change = Promise.withResolvers<void>();

  constructor(options: UnitEventsOptions) {
    const { number, settled } = options.loaded.record;
    this.#options = options;
    this.#stored = options.loaded;
    // Nothing of the logical unit was in flight here before it was loaded.
    this.#enforced = number;
    this.#completed = settled;
  }

  /** The newest record that this gateway knows; applied. */
  get stored(): StoredUnit {
    return this.#stored;
  }

  /** As it was before the last event; undefined when the unit was loaded with that event. */
  get before(): StoredUnit | undefined {
    return this.#before;
  }

  get state(): SharedState {
    return this.#stored.record.state;
  }

  get number(): number {
    return this.#stored.record.number;
  }

  get enforced(): number {
    return this.#enforced;
  }

  /** Whether every gateway enforces the last event. */
  get isCompleted(): boolean {
    return this.#completed === this.number;
  }

  get completed(): number {
    return this.#completed;
  }

  /** This gateway can neither drain nor fence its medium. */
  get cannotEnforce(): boolean {
    return this.#cannotEnforce;
  }

  /** Another gateway has a change of the unit, which may come before the next one of this. */
  get doOthersWait(): boolean {
    return this.#doOthersWait;
  }

  othersWait(): void {
    this.#doOthersWait = true;
  }

  attach(target: UnitEventTarget): void {
    assert(this.#target === undefined, 'events take effect at one logical unit');
    this.#target = target;
  }

  detach(): void {
    this.#target = undefined;
    this.wake();
  }

  /** The same state reads otherwise. */
  readAgain(): void {
    this.#target?.readAgain();
  }

  /** The event that this gateway is about to commit, recognised by its serial. */
  expect(attempt: Attempt | undefined): void {
    this.#attempt = attempt;
  }

  /** Whether the last event is the one that is expected. */
  #isExpected({ record: { last } }: StoredUnit): boolean {
    const { incarnation, serial } = this.#attempt ?? {};
    return last?.author.incarnation === incarnation && last?.serial === serial;
  }

  /** Takes over a record that is, or was, in the store. An older one changes nothing. */
  take(stored: StoredUnit): void {
    if (stored.version <= this.#stored.version || this.#isBehind) return;
    const { number, settled } = stored.record;
    assert(number >= this.number, 'the numbers of events never fall');
    if (number > this.number + 1) {
      // Every member that counts acknowledges each event before there is a next.
      this.#isBehind = true;
      this.#options.onBehind?.();
      return;
    }
    const isNew = number > this.number;
    if (isNew) {
      this.#before = this.#stored;
      this.#doOthersWait = false;
    }
    this.#stored = stored;
    this.#completed = Math.max(this.#completed, settled);
    if (isNew) this.#apply(stored);
    this.wake();
  }

  /** Every gateway enforces the events up to this one. */
  complete(number: number): void {
    this.#completed = Math.max(this.#completed, number);
    this.wake();
  }

  /** Resolves whether it holds, checked at each change of this, for `limitMs` at most. */
  async until(holds: () => boolean, limitMs: number): Promise<boolean> {
    const { clock } = this.#options;
    const deadlineMs = clock.now() + limitMs;
    for (;;) {
      if (holds()) return true;
      const leftMs = deadlineMs - clock.now();
      if (leftMs <= 0) return false;
      await within(clock, leftMs, this.#change.promise);
    }
  }

  #apply(stored: StoredUnit): void {
    const { number, state, last } = stored.record;
    assert(last !== undefined, 'an event is in its record');
    const attempt = this.#isExpected(stored) ? this.#attempt : undefined;
    if (attempt !== undefined) attempt.applied = number;
    const origin = attempt?.origin;
    // In this turn, so that nothing that the new state forbids is admitted from now on.
    const enforced = this.#target?.apply({ state, event: last.event, origin });
    const before = this.#enforcing;
    this.#enforcing = (async () => {
      const isEnforced = (await enforced) ?? true;
      await before;
      if (isEnforced && !this.#cannotEnforce) this.#enforced = number;
      else this.#cannotEnforce = true;
      this.wake();
    })();
  }

  /** Has all waiting callers check again. */
  wake(): void {
    const change = this.#change;
    this.#change = Promise.withResolvers();
    change.resolve();
  }
}
