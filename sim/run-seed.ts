import type { UnitEventKind } from './initiator/unit-events.ts';
import type { PlantedError } from './planted-errors.ts';
import { type StoreKind, World } from './world.ts';

const WORKERS = 2;
const RUN_MS = 45_000;
const HEAL_MAX_MS = 120_000;

export interface SeedOptions {
  readonly store?: StoreKind;
  readonly gateways?: number;
  readonly events?: readonly UnitEventKind[] | undefined;
  readonly planted?: PlantedError | undefined;
  readonly kinds?: readonly string[] | undefined;
}

/** The result of a seed. */
export interface SeedResult {
  readonly seed: number;
  /** Undefined if no invariant was broken. */
  readonly failure: unknown;
  readonly digest: string;
  readonly operations: number;
  readonly events: number;
  /** Unit attentions that were reported. */
  readonly attentions: number;
  readonly fences: number;
  readonly selfFences: number;
  readonly lateLandings: number;
  /** How often each kind of fault or event happened. */
  readonly faults: ReadonlyMap<string, number>;
  readonly lastLines: readonly string[];
}

/** One world from its beginning to the end of its last command, with faults in between. */
export async function runSeed(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  const world = new World({ seed, ...options });
  let failure: unknown;
  try {
    await world.start();
    world.work(WORKERS);
    world.faults.start();
    await world.run(RUN_MS);
    await world.heal(HEAL_MAX_MS);
    await world.readAll(HEAL_MAX_MS);
  } catch (error) {
    failure = error;
  }
  const { trace, history, timeline, fences, faults } = world;
  return {
    seed,
    failure,
    digest: trace.digest,
    operations: history.blocks.operations,
    events: timeline.happened,
    attentions: history.attentions.reports,
    fences: fences.fences,
    selfFences: fences.selfFences,
    lateLandings: fences.lateLandings,
    faults: faults.counts,
    lastLines: trace.lastLines,
  };
}
