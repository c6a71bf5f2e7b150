import { type PlantedError, plantedErrors } from './planted-errors.ts';
import { runSeed } from './run-seed.ts';
import type { StoreKind } from './world.ts';

interface SeedRange {
  readonly from: number;
  readonly count: number;
}

/** On a cluster a fence ends no process. */
const storeOf: Partial<Readonly<Record<PlantedError, StoreKind>>> = { notEnded: 'embedded' };

/** Runs each planted error until it is found, and prints a table; resolves whether all were. */
export async function findPlanted(
  errors: readonly PlantedError[],
  { from, count }: SeedRange,
  print: (row: string) => void,
): Promise<boolean> {
  print('| error | store | found in seed | s of CPU | as |');
  print('|---|---|---|---|---|');
  let isEachFound = true;
  for (const planted of errors) {
    const store = storeOf[planted] ?? 'ceph';
    const before = process.cpuUsage();
    const found = await findOne(planted, store, { from, count });
    const cpuS = (process.cpuUsage(before).user / 1e6).toFixed(0);
    isEachFound &&= found !== undefined;
    const { seed = 'none', as = '' } = found ?? {};
    print(`| ${planted}: ${plantedErrors[planted]} | ${store} | ${seed} | ${cpuS} | ${as} |`);
  }
  return isEachFound;
}

async function findOne(
  planted: PlantedError,
  store: StoreKind,
  { from, count }: SeedRange,
): Promise<{ readonly seed: number; readonly as: string } | undefined> {
  for (let seed = from; seed < from + count; seed++) {
    const { failure } = await runSeed(seed, { planted, store });
    if (failure === undefined) continue;
    // A seed that fails by itself has found something else.
    if ((await runSeed(seed, { store })).failure !== undefined) continue;
    const [as = ''] = String(failure).split('\n');
    return { seed, as: as.replaceAll('|', '/').slice(0, 100) };
  }
  return undefined;
}
