import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { errorText } from '../base/system-reason.ts';
import type { Log } from '../log/log.ts';
import type { LogicalUnit } from '../scsi/logical-unit.ts';
import type { SpaceOf, VolumeStore } from '../volume/volume.ts';
import { SpaceShortages } from './space-shortages.ts';

/** How often the store is asked how full it is. */
export const SPACE_POLL_MS = 5_000;

interface SpaceWatchOptions {
  readonly volumes: Pick<VolumeStore, 'space'>;
  /** THIN PROVISIONING SOFT THRESHOLD, in percent of what the store holds. */
  readonly softThresholdPercent: () => number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tells the logical units how full what holds them is; asks once at a time, however slow. */
export class SpaceWatch {
  readonly #options: SpaceWatchOptions;
  #units: readonly LogicalUnit[] = [];
  #spaceOf: SpaceOf = () => undefined;
  #timer: Timer | undefined;
  /** Reason of the last failure: it is logged once, not at each look. */
  #reason: string | undefined;
  #isClosed = false;
  readonly #shortages: SpaceShortages;

  constructor(options: SpaceWatchOptions) {
    this.#options = options;
    this.#shortages = new SpaceShortages(options.clock, options.log);
  }

  /** Disks of which writes found no room. */
  get fullDisks(): readonly string[] {
    return this.#shortages.disks;
  }

  /** Begins to look. */
  open(): void {
    void this.#check();
  }

  /** From now on these units get the figures, and the known ones at once. */
  serve(units: Iterable<LogicalUnit>): void {
    this.#units = [...units];
    this.#shortages.serve(this.#units);
    this.#report();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  async #check(): Promise<void> {
    const { volumes, clock, log } = this.#options;
    try {
      if (volumes.space !== undefined) this.#spaceOf = await volumes.space();
      this.#reason = undefined;
      if (!this.#isClosed) this.#report();
    } catch (error) {
      const reason = errorText(error);
      if (reason !== this.#reason) log.write('space_unknown', { reason });
      this.#reason = reason;
    }
    if (this.#isClosed) return;
    this.#shortages.check();
    this.#timer = clock.after(SPACE_POLL_MS, () => void this.#check());
  }

  #report(): void {
    const percent = this.#options.softThresholdPercent();
    assert(percent > 0 && percent <= 100, 'a threshold is a part of the whole');
    for (const unit of this.#units) {
      const space = this.#spaceOf(unit.volume);
      if (space !== undefined) unit.setSpace(space, percent);
    }
  }
}
