// Runs seeds of the world one after the other, until one breaks an invariant.

import { parseArgs } from 'node:util';
import { type FaultKind, faultKinds, faultTable } from './fault-table.ts';
import { type PlantedError, plantedErrors } from './planted-errors.ts';
import { runSeed, type SeedResult } from './run-seed.ts';

const SEEDS = 100;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: String(SEEDS) },
    from: { type: 'string', default: '1' },
    planted: { type: 'string' },
    faults: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});

const planted = plantedOf(values.planted);
const kinds = kindsOf(values.faults);
const from = Number(values.from);
const count = Number(values.seeds);
const totals = { operations: 0, events: 0, fences: 0, lateLandings: 0 };
const faults = new Map<FaultKind, number>(faultKinds.map((kind) => [kind, 0]));
const cpuBefore = process.cpuUsage();
let failed: SeedResult | undefined;
let ran = 0;
for (let seed = from; seed < from + count && failed === undefined; seed++) {
  const result = await runSeed(seed, planted, kinds);
  ran++;
  totals.operations += result.operations;
  totals.events += result.events;
  totals.fences += result.fences;
  totals.lateLandings += result.lateLandings;
  for (const [kind, times] of result.faults) faults.set(kind, (faults.get(kind) ?? 0) + times);
  if (result.failure !== undefined) failed = result;
}
const cpuS = process.cpuUsage(cpuBefore).user / 1e6;
console.log(`${ran} seeds, ${(cpuS / ran).toFixed(2)} s of CPU each`);
console.log(`${totals.operations} commands, ${totals.events} events, ${totals.fences} fences`);
console.log(`${totals.lateLandings} writes of fenced clients landed where nobody had looked yet`);
console.log([...faults].map(([kind, times]) => `${kind} ${times}`).join(', '));
if (failed !== undefined) print(failed);
process.exitCode = failed === undefined ? 0 : 1;

function print({ seed, failure, lastLines, digest }: SeedResult): void {
  if (values.trace) console.log(lastLines.join('\n'));
  console.log(`seed ${seed} (trace ${digest}): ${String((failure as Error).stack ?? failure)}`);
  const same = [
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

function kindsOf(text: string | undefined): readonly FaultKind[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(',');
  const wrong = names.filter((name) => !(name in faultTable));
  if (wrong.length === 0) return names as FaultKind[];
  throw new Error(`--faults are some of: ${faultKinds.join(', ')}`);
}
