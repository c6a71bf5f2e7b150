import type { SeededRandom } from '../../test/support/seeded-random.ts';
import type { Timeline } from '../time/timeline.ts';
import type { Trace } from '../trace.ts';
import type { FaultTable } from './broken.ts';

const INTERVAL_MAX_MS = 4_000;

interface FaultsParts {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly table: FaultTable;
  /** Instead of those that the seed switches on. */
  readonly kinds: readonly string[] | undefined;
}

/** Breaks things at random moments; each is repaired after a while, and `heal` repairs all. */
export class Faults {
  readonly counts: Map<string, number>;
  readonly #parts: FaultsParts;
  /** The faults of this seed: some are switched off. */
  readonly #kinds: readonly string[];
  readonly #repairs = new Set<() => void>();
  #isOver = false;

  constructor(parts: FaultsParts) {
    this.#parts = parts;
    const { random, table, kinds } = parts;
    const all = Object.keys(table);
    const unknown = kinds?.find((kind) => !all.includes(kind));
    if (unknown !== undefined) {
      throw new Error(`there is no fault ${unknown}; there are: ${all.join(', ')}`);
    }
    const some = all.filter(() => random.below(3) > 0);
    this.#kinds = kinds ?? (some.length === 0 ? all : some);
    this.counts = new Map(all.map((kind) => [kind, 0]));
  }

  /** How often anything went wrong. */
  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  start(): void {
    const { timeline, random } = this.#parts;
    timeline.after(random.below(INTERVAL_MAX_MS), () => {
      if (this.#isOver) return;
      this.#break(random.pick(this.#kinds));
      this.start();
    });
  }

  heal(): void {
    this.#isOver = true;
    for (const repair of [...this.#repairs]) repair();
  }

  #break(kind: string): void {
    const { timeline, trace, table } = this.#parts;
    for (const { what, lengthMs, repair } of table[kind]!()) {
      this.counts.set(kind, this.counts.get(kind)! + 1);
      trace.add('fault', `${kind} ${what} for ${Math.round(lengthMs)} ms`);
      const repairOnce = (): void => {
        if (!this.#repairs.delete(repairOnce)) return;
        trace.add('fault', `${kind} ${what} ends`);
        repair();
      };
      this.#repairs.add(repairOnce);
      timeline.after(lengthMs, repairOnce);
    }
  }
}
