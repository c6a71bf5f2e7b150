import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { LogicalUnit } from '../scsi/logical-unit.ts';
import { conditions } from '../scsi/sense-table.ts';

/** Nexuses that are notified in one turn of the event loop; more only if one unit has more. */
export const NEXUSES_PER_TURN = 256;

/**
 * Establishes ASYMMETRIC ACCESS STATE CHANGED on every nexus of every logical unit, a bounded
 * number in each turn of the event loop, so that commands run in between.
 */
export class AccessStateNotifier {
  readonly #clock: Clock;
  #units: readonly LogicalUnit[] = [];
  /** Units still to notify; a new change adds units again that were notified already. */
  readonly #pending = new Set<LogicalUnit>();
  #isNotifying = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sets the logical units of this gateway. */
  serve(units: Iterable<LogicalUnit>): void {
    this.#units = [...units];
    const kept = new Set(this.#units);
    for (const unit of this.#pending) if (!kept.has(unit)) this.#pending.delete(unit);
    assert(this.#pending.size <= kept.size, 'only units that are served are notified');
  }

  /** Port groups have changed their states. */
  notify(): void {
    for (const unit of this.#units) this.#pending.add(unit);
    assert(this.#pending.size === this.#units.length, 'each unit is to notify');
    if (!this.#isNotifying) this.#continue();
  }

  #continue(): void {
    this.#isNotifying = this.#pending.size > 0;
    if (!this.#isNotifying) return;
    this.#clock.endOfTurn(() => {
      this.#notifySome();
      this.#continue();
    });
  }

  #notifySome(): void {
    let nexuses = 0;
    for (const unit of this.#pending) {
      nexuses += unit.nexuses.size;
      if (nexuses > NEXUSES_PER_TURN && nexuses > unit.nexuses.size) return;
      this.#pending.delete(unit);
      unit.establish(conditions.asymmetricAccessStateChanged);
    }
  }
}
