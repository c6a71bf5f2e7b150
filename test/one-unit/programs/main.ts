// `npm run one-unit` runs random programs in memory, until one can tell four gateways from one.

import { parseArgs } from 'node:util';
import { type PlantedError, plantedErrors } from '../../../sim/planted-errors.ts';
import { commands } from '../../../src/scsi/command-table.ts';
import { compareInMemory } from './compare.ts';
import { textOfFinding } from './finding.ts';
import { GoodRows } from './good-rows.ts';
import type { Program } from './program.ts';
import { randomProgram } from './random-program.ts';

const { values } = parseArgs({
  options: {
    programs: { type: 'string', default: '500' },
    from: { type: 'string', default: '1' },
    planted: { type: 'string' },
  },
});

const planted = plantedOf(values.planted);
const from = Number(values.from);
const count = Number(values.programs);
const good = new GoodRows();
let [ran, sent] = [0, 0];
let finding: string | undefined;
const cpuBefore = process.cpuUsage();
for (let seed = from; seed < from + count && finding === undefined; seed++) {
  const program = randomProgram(seed);
  const { one, differsAt } = await compare(program);
  ran++;
  sent += program.steps.length;
  good.add(program, one);
  if (differsAt !== undefined) finding = await textOfFinding(program, compare);
}
const cpuMs = process.cpuUsage(cpuBefore).user / 1e3;
const absent = commands.filter(({ name }) => good.of(name) === 0).map(({ name }) => name);
console.log(`${ran} programs of ${sent} steps, ${(cpuMs / ran).toFixed(0)} ms of CPU each`);
console.log(`never GOOD: ${absent.length === 0 ? 'no command' : absent.join(', ')}`);
if (finding !== undefined) console.log(finding);
process.exitCode = finding === undefined ? 0 : 1;

function compare(program: Program) {
  return compareInMemory(program, planted);
}

function plantedOf(name: string | undefined): PlantedError | undefined {
  if (name === undefined || name in plantedErrors) return name as PlantedError | undefined;
  throw new Error(`--planted is one of: ${Object.keys(plantedErrors).join(', ')}`);
}
