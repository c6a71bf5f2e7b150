// Runs seeds of the world one after the other, until one breaks an invariant.

import { parseArgs } from 'node:util';
import { type UnitEventKind, unitEvents } from './initiator/unit-events.ts';
import { type PlantedError, plantedErrors } from './planted-errors.ts';
import { runSeed, type SeedResult } from './run-seed.ts';
import type { StoreKind } from './world.ts';

const SEEDS = 100;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: String(SEEDS) },
    from: { type: 'string', default: '1' },
    planted: { type: 'string' },
    faults: { type: 'string' },
    events: { type: 'string' },
    gateways: { type: 'string', default: '3' },
    store: { type: 'string', default: 'ceph' },
    trace: { type: 'boolean', default: false },
  },
});

const planted = plantedOf(values.planted);
const kinds = values.faults?.split(',');
const store = storeOf(values.store);
const events = eventsOf(values.events);
const gateways = Number(values.gateways);
const from = Number(values.from);
const count = Number(values.seeds);
const totals = {
  operations: 0,
  events: 0,
  attentions: 0,
  fences: 0,
  selfFences: 0,
  lateLandings: 0,
};
const faults = new Map<string, number>();
const cpuBefore = process.cpuUsage();
let failed: SeedResult | undefined;
let ran = 0;
for (let seed = from; seed < from + count && failed === undefined; seed++) {
  const result = await runSeed(seed, { planted, kinds, store, events, gateways });
  ran++;
  totals.operations += result.operations;
  totals.events += result.events;
  totals.attentions += result.attentions;
  totals.fences += result.fences;
  totals.selfFences += result.selfFences;
  totals.lateLandings += result.lateLandings;
  for (const [kind, times] of result.faults) faults.set(kind, (faults.get(kind) ?? 0) + times);
  if (result.failure !== undefined) failed = result;
}
const cpuS = process.cpuUsage(cpuBefore).user / 1e6;
console.log(`${ran} seeds, ${(cpuS / ran).toFixed(2)} s of CPU each`);
const { operations, attentions } = totals;
console.log(`${operations} commands, ${attentions} unit attentions, ${totals.events} happenings`);
console.log(`${totals.fences} fences of gateways, ${totals.selfFences} of client instances`);
console.log(`${totals.lateLandings} writes of fenced clients landed where nobody had looked yet`);
console.log([...faults].map(([kind, times]) => `${kind} ${times}`).join(', '));
if (failed !== undefined) print(failed);
process.exitCode = failed === undefined ? 0 : 1;

function print({ seed, failure, lastLines, digest }: SeedResult): void {
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

function plantedOf(name: string | undefined): PlantedError | undefined {
  if (name === undefined || name in plantedErrors) return name as PlantedError | undefined;
  throw new Error(`--planted is one of: ${Object.keys(plantedErrors).join(', ')}`);
}

function storeOf(name: string): StoreKind {
  if (name === 'ceph' || name === 'embedded') return name;
  throw new Error('--store is one of: ceph, embedded');
}

function eventsOf(text: string | undefined): readonly UnitEventKind[] | undefined {
  const names = text?.split(',').filter((name) => name !== '');
  if (names === undefined || names.every((name) => name in unitEvents)) {
    return names as UnitEventKind[] | undefined;
  }
  throw new Error(`--events are some of: ${Object.keys(unitEvents).join(', ')}`);
}
