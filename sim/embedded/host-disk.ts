import type { SeededRandom } from '../../test/support/seeded-random.ts';
import { settle } from '../time/settle.ts';
import type { SimProcess } from '../time/sim-process.ts';
import type { Timeline } from '../time/timeline.ts';

const LANDING_MAX_MS = 1.5;

/**
 * The disk of a host. Operations of a process land late and in any order, while that process runs:
 * its threads stop with it, and operations that a killed process had started never land.
 */
export class HostDisk {
  readonly #timeline: Timeline;
  readonly #random: SeededRandom;
  #landingMaxMs = LANDING_MAX_MS;

  constructor(timeline: Timeline, random: SeededRandom) {
    this.#timeline = timeline;
    this.#random = random;
  }

  /** The longest time that an operation takes; undefined: as usual. */
  slow(landingMaxMs: number | undefined): void {
    this.#landingMaxMs = landingMaxMs ?? LANDING_MAX_MS;
  }

  /** Resolves when an operation of that process lands. */
  landing(process: SimProcess): Promise<void> {
    const lateMs = (this.#random.below(1024) / 1024) * this.#landingMaxMs;
    return new Promise((resolve) => {
      this.#timeline.after(lateMs, () => {
        if (process.isRunning) {
          resolve();
          return settle();
        }
        process.onChange(() => {
          if (process.isRunning) resolve();
        });
        return undefined;
      });
    });
  }
}
