import type { Clock } from '../base/clock.ts';
import type { LogicalUnit } from '../scsi/logical-unit.ts';
import { conditions } from '../scsi/sense-table.ts';

/** So many nexuses of logical units are told in one turn of the event loop, or one unit's. */
export const NEXUSES_PER_TURN = 256;

/**
 * Has every nexus of every logical unit hear that port groups are in other states than before. A
 * thousand units of many nexuses take several turns; commands go on in between.
 */
export class AccessStateNews {
  readonly #clock: Clock;
  #units: readonly LogicalUnit[] = [];
  /** As many as are served: a change that comes meanwhile is told those again that heard already. */
  readonly #untold = new Set<LogicalUnit>();
  #isTelling = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The logical units of this gateway from now on. */
  serve(units: Iterable<LogicalUnit>): void {
    this.#units = [...units];
    const kept = new Set(this.#units);
    for (const unit of this.#untold) if (!kept.has(unit)) this.#untold.delete(unit);
  }

  /** States have changed. */
  tell(): void {
    for (const unit of this.#units) this.#untold.add(unit);
    if (!this.#isTelling) this.#goOn();
  }

  #goOn(): void {
    this.#isTelling = this.#untold.size > 0;
    if (!this.#isTelling) return;
    this.#clock.endOfTurn(() => {
      this.#tellSome();
      this.#goOn();
    });
  }

  #tellSome(): void {
    let nexuses = 0;
    for (const unit of this.#untold) {
      nexuses += unit.nexuses.size;
      if (nexuses > NEXUSES_PER_TURN && nexuses > unit.nexuses.size) return;
      this.#untold.delete(unit);
      unit.establish(conditions.asymmetricAccessStateChanged);
    }
  }
}
