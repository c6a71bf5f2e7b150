// Runs seeds of the world one after the other, until one breaks an invariant.

import { parseArgs } from 'node:util';
import { findPlanted } from './find-planted.ts';
import { type PlantedError, plantedErrors } from './planted-errors.ts';
import { runSeed, type SeedResult } from './run-seed.ts';
import { SeedTotals } from './seed-totals.ts';
import type { StoreKind } from './world.ts';
import { type WorldEvent, worldEvents } from './world-events.ts';

const SEEDS = 100;
/** For each of the errors that are planted one after the other. */
const PLANTED_SEEDS = 2_000;
const EACH = 'each';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    planted: { type: 'string' },
    faults: { type: 'string' },
    events: { type: 'string' },
    gateways: { type: 'string', default: '3' },
    store: { type: 'string', default: 'ceph' },
    trace: { type: 'boolean', default: false },
  },
});

const kinds = values.faults?.split(',');
const store = storeOf(values.store);
const events = eventsOf(values.events);
const gateways = Number(values.gateways);
const from = Number(values.from);

const asked = plantedOf(values.planted);
const isFine = asked.length > 1 ? await findEach(asked) : await runSeeds(asked[0]);
process.exitCode = isFine ? 0 : 1;

async function findEach(errors: readonly PlantedError[]): Promise<boolean> {
  const count = Number(values.seeds ?? PLANTED_SEEDS);
  return await findPlanted(errors, { from, count }, (row) => console.log(row));
}

async function runSeeds(planted: PlantedError | undefined): Promise<boolean> {
  const count = Number(values.seeds ?? SEEDS);
  const totals = new SeedTotals();
  const cpuBefore = process.cpuUsage();
  let failed: SeedResult | undefined;
  for (let seed = from; seed < from + count && failed === undefined; seed++) {
    const result = await runSeed(seed, { planted, kinds, store, events, gateways });
    totals.add(result);
    if (result.failure !== undefined) failed = result;
  }
  const cpuS = process.cpuUsage(cpuBefore).user / 1e6;
  for (const line of totals.lines(cpuS)) console.log(line);
  if (failed !== undefined) print(failed, planted);
  return failed === undefined;
}

function print(
  { seed, failure, lastLines, digest }: SeedResult,
  planted: PlantedError | undefined,
): void {
  if (values.trace) console.log(lastLines.join('\n'));
  console.log(`seed ${seed} (trace ${digest}): ${String((failure as Error).stack ?? failure)}`);
  const same = [
    ...(store === 'ceph' ? [] : ['--store', store]),
    ...(events === undefined ? [] : ['--events', events.join()]),
    ...(gateways === 3 ? [] : ['--gateways', gateways]),
    ...(planted === undefined ? [] : ['--planted', planted]),
    ...(kinds === undefined ? [] : ['--faults', kinds.join()]),
  ];
  const options = ['--seeds 1 --from', seed, ...same, '--trace'].join(' ');
  console.log(`again: npm run simulate -- ${options}`);
}

function plantedOf(text = ''): readonly PlantedError[] {
  const all = Object.keys(plantedErrors) as PlantedError[];
  if (text === EACH) return all;
  const names = text.split(',').filter((name) => name !== '') as PlantedError[];
  if (names.every((name) => all.includes(name))) return names;
  throw new Error(`--planted is ${EACH}, or some of: ${all.join(', ')}`);
}

function storeOf(name: string): StoreKind {
  if (name === 'ceph' || name === 'embedded') return name;
  throw new Error('--store is one of: ceph, embedded');
}

function eventsOf(text: string | undefined): readonly WorldEvent[] | undefined {
  const names = text?.split(',').filter((name) => name !== '') as WorldEvent[] | undefined;
  if (names === undefined || names.every((name) => worldEvents.includes(name))) return names;
  throw new Error(`--events are some of: ${worldEvents.join(', ')}`);
}
