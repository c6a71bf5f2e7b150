import { sleep } from '../../src/base/clock.ts';
import { testUnitReady } from '../../test/initiator/cdb.ts';
import { changeModes } from './mode-event.ts';
import { changeReservations, clearReservations } from './reservation-event.ts';
import { resetUnit, taskFunction } from './reset-event.ts';
import type { SimPath } from './sim-path.ts';
import type { UnitEvent, UnitEventParts } from './unit-event-parts.ts';

const EVENT_INTERVAL_MAX_MS = 1_500;
/** How often a host checks each of its paths, as its multipath daemon does. */
const CHECK_INTERVAL_MS = 1_000;
const CLEAR_RETRY_MS = 200;

/** The events that an initiator may cause and that others see, by kind. */
export const unitEvents = {
  abortTask: taskFunction('abortTask'),
  abortTaskSet: taskFunction('abortTaskSet'),
  /** With a task set for each nexus, it clears its own. */
  clearTaskSet: taskFunction('clearTaskSet'),
  logicalUnitReset: resetUnit,
  modeSelect: changeModes,
  reservations: changeReservations,
} satisfies Readonly<Record<string, UnitEvent>>;

export type UnitEventKind = keyof typeof unitEvents;

/** The events of every seed, unless others are requested. */
export const eventsOfSeeds = Object.keys(unitEvents) as readonly UnitEventKind[];

/** An initiator's events, and its path checks, by which it learns of the events of others. */
export class UnitEvents {
  readonly #parts: UnitEventParts;
  readonly #paths: readonly SimPath[];
  readonly #kinds: readonly UnitEventKind[];
  #working = 0;
  #isStopping = false;

  constructor(
    parts: UnitEventParts & { readonly onFailure: (error: unknown) => void },
    paths: readonly SimPath[],
    kinds: readonly UnitEventKind[],
  ) {
    this.#parts = parts;
    this.#paths = paths;
    this.#kinds = kinds;
    if (kinds.length === 0) return;
    for (const work of [this.#makeEvents(), ...paths.map((path) => this.#checkPath(path))]) {
      this.#working++;
      void work.then(() => {
        this.#working--;
      }, parts.onFailure);
    }
  }

  get isIdle(): boolean {
    return this.#working === 0;
  }

  stop(): void {
    this.#isStopping = true;
  }

  /** There are no reservations afterwards. */
  async clear(): Promise<void> {
    if (!this.#kinds.includes('reservations')) return;
    for (;;) {
      for (const path of this.#live) if (await clearReservations(this.#parts, path)) return;
      await sleep(this.#parts.clock, CLEAR_RETRY_MS);
    }
  }

  get #live(): readonly SimPath[] {
    return this.#paths.filter(({ commands }) => commands !== undefined);
  }

  async #makeEvents(): Promise<void> {
    const { clock, random } = this.#parts;
    while (!this.#isStopping) {
      await sleep(clock, random.below(EVENT_INTERVAL_MAX_MS));
      const live = this.#live;
      if (live.length === 0) continue;
      await unitEvents[random.pick(this.#kinds)](this.#parts, random.pick(live));
    }
  }

  async #checkPath(path: SimPath): Promise<void> {
    while (!this.#isStopping) {
      await sleep(this.#parts.clock, CHECK_INTERVAL_MS);
      await path.commands?.execute('TEST UNIT READY', { cdb: testUnitReady() });
    }
  }
}
