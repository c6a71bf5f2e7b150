import { parseArgs } from 'node:util';
import { SeededRandom } from '../../test/support/seeded-random.ts';

/** The common part of every long run: options, progress, a summary, exit codes. */
export interface SoakCommand {
  readonly name: string;
  /** One sentence, in lines, which says what the run proves. */
  readonly proves: readonly string[];
  /** Options that take a number, with their default and meaning. */
  readonly numbers: Readonly<Record<string, readonly [number, string]>>;
  /** Options that take a word, with the name of the word and its meaning; not set by default. */
  readonly words?: Readonly<Record<string, readonly [string, string]>>;
  /** Resolves with the summary; rejects with the error that was found. */
  run(options: SoakOptions): Promise<Readonly<Record<string, unknown>>>;
}

export interface SoakOptions {
  readonly numbers: Readonly<Record<string, number>>;
  readonly words: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  readonly random: SeededRandom;
  /** Reports the progress of the run. */
  progress(what: Readonly<Record<string, unknown>>): void;
}

/** Runs a command as the program; exits with 0, 1 (an error was found) or 2 (wrong usage). */
export async function runSoak(command: SoakCommand): Promise<void> {
  const parsed = parse(command);
  if (typeof parsed === 'string') {
    process.stderr.write(`${parsed}\n${usage(command)}`);
    process.exitCode = 2;
    return;
  }
  if (parsed.help) {
    process.stdout.write(usage(command));
    return;
  }
  const { json, numbers, words } = parsed;
  const random = new SeededRandom(numbers['seed'] || undefined);
  const say = (event: string, data: Readonly<Record<string, unknown>>) => {
    process.stdout.write(`${json ? JSON.stringify({ event, ...data }) : line(event, data)}\n`);
  };
  say('start', { name: command.name, ...numbers, seed: random.seed });
  const startedAt = performance.now();
  const seconds = () => Math.round(performance.now() - startedAt) / 1000;
  try {
    const summary = await command.run({
      numbers,
      words,
      json,
      random,
      progress: (what) => say('progress', { seconds: seconds(), ...what }),
    });
    say('summary', { passed: true, seconds: seconds(), seed: random.seed, ...summary });
  } catch (error) {
    say('summary', { passed: false, seconds: seconds(), seed: random.seed, error: `${error}` });
    process.exitCode = 1;
  }
}

interface Parsed {
  readonly help: boolean;
  readonly json: boolean;
  readonly numbers: Record<string, number>;
  readonly words: Record<string, string | undefined>;
}

function parse(command: SoakCommand): Parsed | string {
  const all = allNumbers(command);
  const wordNames = Object.keys(command.words ?? {});
  const names = [...Object.keys(all), ...wordNames];
  const text = Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
  const flags = { help: { type: 'boolean' }, json: { type: 'boolean' } };
  try {
    const { values } = parseArgs({
      options: { ...text, ...flags } as Record<string, { type: 'string' | 'boolean' }>,
    });
    const numbers: Record<string, number> = {};
    for (const [name, [initial]] of Object.entries(all)) {
      const value = Number(values[name] ?? initial);
      if (!Number.isFinite(value) || value < 0) return `--${name} takes a number`;
      numbers[name] = value;
    }
    const words = Object.fromEntries(
      wordNames.map((name) => [name, values[name] as string | undefined]),
    );
    return { help: values['help'] === true, json: values['json'] === true, numbers, words };
  } catch (error) {
    return (error as Error).message;
  }
}

function allNumbers(command: SoakCommand): SoakCommand['numbers'] {
  return { ...command.numbers, seed: [0, 'repeat the run of this seed (0: a fresh one)'] };
}

function usage(command: SoakCommand): string {
  const rows = Object.entries(allNumbers(command)).map(([name, [initial, meaning]]) => {
    return `${`  --${name} N`.padEnd(23)}${meaning} [${initial}]`;
  });
  for (const [name, [word, meaning]] of Object.entries(command.words ?? {})) {
    rows.push(`${`  --${name} ${word}`.padEnd(23)}${meaning}`);
  }
  rows.push(`${'  --json'.padEnd(23)}one JSON object a line`, `${'  --help'.padEnd(23)}this text`);
  const first = `usage: node bench/soak/${command.name}.ts [options]`;
  return [first, '', ...command.proves, '', ...rows, ''].join('\n');
}

function line(event: string, data: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(data).map(([key, value]) => {
    const rounded = typeof value === 'number' ? Math.round(value * 10) / 10 : value;
    return `${key} ${typeof rounded === 'object' ? JSON.stringify(rounded) : rounded}`;
  });
  return `${event.padEnd(9)} ${pairs.join('  ')}`;
}
