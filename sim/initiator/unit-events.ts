import { sleep } from '../../src/base/clock.ts';
import { changeModes } from './mode-event.ts';
import { checkPath } from './path-check.ts';
import { changeReservations, clearReservations } from './reservation-event.ts';
import { reserveUnit } from './reserve-event.ts';
import { readReservations } from './reserve-in-event.ts';
import { clearTaskSet, reset, taskFunction } from './reset-event.ts';
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
  clearTaskSet,
  logicalUnitReset: reset('logicalUnitReset'),
  targetReset: reset('targetWarmReset'),
  modeSelect: changeModes,
  /** PERSISTENT RESERVE OUT. */
  reserveOut: changeReservations,
  /** PERSISTENT RESERVE IN. */
  reserveIn: readReservations,
  /** RESERVE, and RELEASE after a while. */
  reserve: reserveUnit,
} satisfies Readonly<Record<string, UnitEvent>>;

export type UnitEventKind = keyof typeof unitEvents;

/** Those that register nexuses. */
const reservationKinds: readonly UnitEventKind[] = ['reserveOut', 'reserve'];

interface EventsParts extends UnitEventParts {
  readonly onEvent: (kind: UnitEventKind) => void;
  readonly onFailure: (error: unknown) => void;
}

/** An initiator's events, and its path checks, by which it learns of the events of others. */
export class UnitEvents {
  readonly #parts: EventsParts;
  readonly #paths: readonly SimPath[];
  readonly #kinds: readonly UnitEventKind[];
  #working = 0;
  #isStopping = false;

  constructor(parts: EventsParts, paths: readonly SimPath[], kinds: readonly UnitEventKind[]) {
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
    if (!reservationKinds.some((kind) => this.#kinds.includes(kind))) return;
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
      const kind = random.pick(this.#kinds);
      this.#parts.onEvent(kind);
      await unitEvents[kind](this.#parts, random.pick(live));
    }
  }

  async #checkPath(path: SimPath): Promise<void> {
    while (!this.#isStopping) {
      await sleep(this.#parts.clock, CHECK_INTERVAL_MS);
      if (path.commands !== undefined) await checkPath(this.#parts, path);
    }
  }
}
