import { type PlantedError, plant } from './planted-errors.ts';
import { type StoreKind, World } from './world.ts';
import type { WorldEvent } from './world-events.ts';

const WORKERS = 2;
const RUN_MS = 16_000;
const HEAL_MAX_MS = 120_000;
/**
 * A seed goes on until this has happened, and fails if it does not. It has three gateways, unless
 * asked otherwise, and three initiators.
 */
const MINIMA = { operations: 500, faults: 3 };
const RUN_MAX_MS = 400_000;

export interface SeedOptions {
  readonly store?: StoreKind;
  readonly gateways?: number;
  readonly events?: readonly WorldEvent[] | undefined;
  readonly planted?: PlantedError | undefined;
  readonly kinds?: readonly string[] | undefined;
}

/** The result of a seed. */
export interface SeedResult {
  readonly seed: number;
  /** Undefined if no invariant was broken. */
  readonly failure: unknown;
  readonly digest: string;
  /** Commands that read or write, beside those of events. */
  readonly operations: number;
  readonly events: number;
  /** What initiators and administrators did to the unit, by kind. */
  readonly unitEvents: ReadonlyMap<string, number>;
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
  const undo = plant(options.planted);
  const world = new World({ seed, ...options });
  let failure: unknown;
  try {
    await run(world);
  } catch (error) {
    failure = error;
  } finally {
    undo();
  }
  const { trace, history, timeline, fences, faults } = world;
  return {
    seed,
    failure,
    digest: trace.digest,
    operations: history.blocks.operations,
    events: timeline.happened,
    unitEvents: world.unitEvents,
    attentions: history.attentions.reports,
    fences: fences.fences,
    selfFences: fences.selfFences,
    lateLandings: fences.lateLandings,
    faults: faults.counts,
    lastLines: trace.lastLines,
  };
}

async function run(world: World): Promise<void> {
  await world.start();
  world.work(WORKERS);
  world.faults.start();
  await world.run(RUN_MS);
  await world.until(RUN_MAX_MS, 'enough has happened', () => hasEnough(world));
  await world.heal(HEAL_MAX_MS);
  await world.readAll(HEAL_MAX_MS);
}

function hasEnough({ history, faults }: World): boolean {
  const { operations } = history.blocks;
  return operations >= MINIMA.operations && faults.total >= MINIMA.faults;
}
