import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../log/log.ts';
import type { LogicalUnit } from '../scsi/logical-unit.ts';

/** A disk counts as short of space until no write was refused for this long. */
export const SHORTAGE_OVER_MS = 30_000;
/** With less room than this a store takes no write worth the name. */
const ROOM_MIN_BYTES = 1024 * 1024;

/** The disks whose writes fail because their store has no room: logged once, not for each write. */
export class SpaceShortages {
  readonly #clock: Clock;
  readonly #log: Log;
  /** When a write was last refused. */
  readonly #short = new Map<LogicalUnit, number>();
  #units: ReadonlySet<LogicalUnit> = new Set();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Names of the disks, sorted. */
  get disks(): readonly string[] {
    return [...this.#short.keys()].map(({ name }) => name).sort();
  }

  /** Only these are watched from now on. */
  serve(units: readonly LogicalUnit[]): void {
    for (const unit of this.#units) unit.onNoSpace = undefined;
    this.#units = new Set(units);
    for (const unit of this.#units) unit.onNoSpace = () => this.#refused(unit);
    for (const unit of this.#short.keys()) if (!this.#units.has(unit)) this.#short.delete(unit);
    assert(this.#short.size <= this.#units.size, 'only disks that are served are short of space');
  }

  /** To be called now and then: forgets disks that take writes again. */
  check(): void {
    for (const [unit, refusedMs] of this.#short) {
      if (this.#clock.now() - refusedMs < SHORTAGE_OVER_MS) continue;
      const { availableBytes = ROOM_MIN_BYTES } = unit.space.figures ?? {};
      if (availableBytes < ROOM_MIN_BYTES) continue;
      this.#short.delete(unit);
      this.#log.write('space_available', { disk: unit.name });
    }
  }

  #refused(unit: LogicalUnit): void {
    assert(this.#units.has(unit), 'only a unit that is served tells of refused writes');
    if (!this.#short.has(unit)) {
      this.#log.write('space_exhausted', { disk: unit.name, ...unit.space.figures });
    }
    this.#short.set(unit, this.#clock.now());
  }
}
