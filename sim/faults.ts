import type { SeededRandom } from '../test/support/seeded-random.ts';
import { type FaultKind, faultKinds, faultTable } from './fault-table.ts';
import type { GatewayPlace } from './gateway-place.ts';
import type { SimNetwork } from './network/sim-network.ts';
import type { SimCluster } from './rados/sim-cluster.ts';
import type { Timeline } from './time/timeline.ts';
import type { Trace } from './trace.ts';

const INTERVAL_MAX_MS = 4_000;

export interface FaultParts {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly network: SimNetwork;
  readonly cluster: SimCluster;
  readonly places: readonly GatewayPlace[];
  /** Names of the initiators' hosts. */
  readonly hosts: readonly string[];
  readonly trace: Trace;
  /** In place of those that the seed switches on. */
  readonly kinds: readonly FaultKind[] | undefined;
}

/** Breaks things at random moments; each is repaired after a while, and `heal` repairs all. */
export class Faults {
  readonly counts = new Map<FaultKind, number>();
  readonly #parts: FaultParts;
  /** Those of this seed: some are switched off. */
  readonly #kinds: readonly FaultKind[];
  readonly #repairs = new Set<() => void>();
  #isOver = false;

  constructor(parts: FaultParts) {
    this.#parts = parts;
    const { random } = parts;
    const some = faultKinds.filter(() => random.below(3) > 0);
    this.#kinds = parts.kinds ?? (some.length === 0 ? faultKinds : some);
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

  #break(kind: FaultKind): void {
    const { timeline, trace } = this.#parts;
    for (const { what, lengthMs, repair } of faultTable[kind](this.#parts)) {
      this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
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
