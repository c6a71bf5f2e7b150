// `npm run model` checks every configuration of the model, and that each planted error is found.

import { parseArgs } from 'node:util';
import { type Configuration, configurations, type Settings } from './configurations.ts';
import { type CheckRequest, checkModel } from './model-check.ts';
import { plantedErrors } from './planted-errors.ts';

const usage = `usage: npm run model [-- options]
  --quick          the configurations that the tests run, and the planted errors
  --only NAME      one configuration: ${configurations.map(({ name }) => name).join(', ')}
  --planted NAME   one planted error, ${Object.keys(plantedErrors)[0]} say
  --set NAME=N     another setting of what is run, EVENTS=2 say; may be repeated
  --trace          what led to an error, one assignment a line
Needs the Debian packages spin and gcc. A configuration takes minutes and up to 6 GiB of memory;
the planted errors together take half a minute.`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    planted: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    trace: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const chosen = chosenConfigurations();
  const planted = chosenErrors();
  if (chosen.length + planted.length === 0) {
    console.error(usage);
    return 2;
  }
  let failures = 0;
  for (const configuration of chosen) if (!(await holds(configuration))) failures++;
  for (const name of planted) if (!(await isFound(name))) failures++;
  return failures === 0 ? 0 : 1;
}

function chosenConfigurations(): readonly Configuration[] {
  const { only, planted, quick } = values;
  if (planted !== undefined) return [];
  if (only !== undefined) return configurations.filter(({ name }) => name === only);
  return configurations.filter(({ isQuick }) => isQuick || !quick);
}

function chosenErrors(): readonly string[] {
  const { only, planted } = values;
  if (only !== undefined) return [];
  return Object.keys(plantedErrors).filter((name) => planted === undefined || name === planted);
}

async function holds({ name, settings, variant, isQuick }: Configuration): Promise<boolean> {
  const request = { settings, macro: variant, isQuick: isQuick ?? false };
  const { isExhaustive, violated } = await check(name, request);
  console.log(isExhaustive ? 'holds' : (violated ?? 'NOT EXHAUSTIVE'));
  return isExhaustive;
}

async function isFound(planted: string): Promise<boolean> {
  const { step, error, settings } = plantedErrors[planted]!;
  const label = `${step} ${planted} (${error})`;
  const { violated } = await check(label, { settings, macro: planted, isQuick: true });
  console.log(violated === undefined ? 'NOT FOUND' : `found: ${violated}`);
  return violated !== undefined;
}

/** Checks, and prints a line but for its last words. */
async function check(label: string, request: CheckRequest) {
  process.stdout.write(`${label}: `);
  const settings = { ...request.settings, ...addedSettings() };
  const result = await checkModel({ ...request, settings, withTrace: values.trace });
  if (result.trace.length > 0) process.stdout.write(`\n  ${result.trace.join('\n  ')}\n`);
  const { states, memoryMiB, seconds } = result;
  process.stdout.write(`${states} states, ${memoryMiB.toFixed(0)} MiB, ${seconds} s: `);
  return result;
}

function addedSettings(): Settings {
  return Object.fromEntries(
    values.set.map((setting) => {
      const [name = '', value = ''] = setting.split('=');
      return [name, Number(value)];
    }),
  );
}
