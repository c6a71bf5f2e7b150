// `npm test` runs all rings in order, even if one fails, and prints the cost of each.
// `npm test -- unit fault` runs those two; `npm test -- quick` those that need no process and no
// Ceph: check, tidy, unit and contract.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isCephLeftOut } from '../test/support/ceph-left-out.ts';
import { type FailedTest, type FileCost, readRingReport } from './ring-report.ts';
import { quickRings, type Ring, rings } from './rings.ts';

/** The budget of `npm test` on two quiet cores. Beyond it a note is printed; nothing fails. */
const budgetS = 30 * 60;
/** A ring is given up at this many times its cost: that is a hang, not a slow machine. */
const HANG_FACTOR = 6;
/** The minimum of that time, for rings that cost next to nothing. */
const LIMIT_MIN_S = 120;

interface Outcome {
  readonly ring: Ring;
  readonly passed: boolean;
  readonly seconds: number;
  readonly note: string;
  readonly failedTests: readonly FailedTest[];
  /** The most expensive first. */
  readonly fileCosts: readonly FileCost[];
}

/** Failed tests of a ring that are named at the end, because a broken tree fails all. */
const FAILED_TESTS_NAMED_MAX = 10;
/** Files whose cost is printed with their ring, each of at least this many seconds. */
const SLOW_FILES_MAX = 5;
const SLOW_FILE_MIN_S = 5;

let running: ChildProcess | undefined;
/** After this signal no further command starts; a second one ends this process at once. */
let interruptedBy: NodeJS.Signals | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interruptedBy = signal;
    running?.kill(signal);
  });
}

// Debian keeps tgtd and mke2fs there; the PATH of an ordinary user lacks it.
process.env['PATH'] += ':/usr/sbin:/sbin';
process.exit(await main(process.argv.slice(2)));

async function main(names: readonly string[]): Promise<number> {
  const wanted = names.flatMap((name) => (name === 'quick' ? quickRings : [name]));
  const unknown = wanted.filter((name) => !rings.some((ring) => ring.name === name));
  if (unknown.length > 0) {
    console.error(`no such ring: ${unknown.join(' ')}`);
    console.error(
      `rings: ${rings.map((ring) => ring.name).join(' ')}; quick: ${quickRings.join(' ')}`,
    );
    return 2;
  }
  const strays = unringed();
  if (strays.length > 0) {
    console.error(`test files that no ring runs:\n  ${strays.join('\n  ')}`);
    return 1;
  }
  const chosen = rings.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const withoutCeph = isCephLeftOut();
  const leftOut = chosen.filter(({ needsCeph }) => needsCeph && withoutCeph);
  const toRun = chosen.filter((ring) => !leftOut.includes(ring));
  if (!install(toRun)) return 1;
  for (const { name } of leftOut) {
    console.log(`\n=== ${name}: left out because of ALLPATH_TEST_CEPH=skip`);
  }
  const outcomes: Outcome[] = [];
  for (const ring of toRun) {
    if (interruptedBy !== undefined) break;
    console.log(`\n=== ${ring.name}: ${ring.proves}`);
    const outcome = await run(ring);
    outcomes.push(outcome);
    console.log(`=== ${line(outcome)}`);
    nameSlowFiles(outcome);
  }
  const code = summarize(
    outcomes,
    leftOut.map(({ name }) => name),
  );
  if (interruptedBy === undefined) return code;
  console.log(`interrupted by ${interruptedBy}`);
  return 1;
}

/** Installs the packages of these rings, and builds the addon if a compiler is among them. */
function install(toRun: readonly Ring[]): boolean {
  const packages = new Set(toRun.flatMap((ring) => ring.packages ?? []));
  if (packages.size === 0) return true;
  const args = ['scripts/setup.mjs', '--test', ...packages];
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status === 0;
}

async function run(ring: Ring): Promise<Outcome> {
  const limitS = Math.max(LIMIT_MIN_S, HANG_FACTOR * ring.costS);
  const startedMs = performance.now();
  const seconds = () => (performance.now() - startedMs) / 1000;
  const files = globSync([...(ring.files ?? [])]).sort();
  if (ring.files !== undefined && files.length === 0) {
    return {
      ring,
      passed: false,
      seconds: 0,
      note: 'no test file',
      failedTests: [],
      fileCosts: [],
    };
  }
  const scratch = mkdtempSync(join(tmpdir(), 'allpath-ring-'));
  try {
    let note = '';
    for (const command of ring.commands ?? testCommands(ring, files, scratch)) {
      if (interruptedBy !== undefined) break;
      const leftMs = (limitS - seconds()) * 1000;
      const problem = await execute(command, leftMs);
      if (problem !== undefined) note = ring.commands ? `${command[0]}: ${problem}` : problem;
    }
    return { ring, passed: note === '', seconds: seconds(), note, ...readRingReport(scratch) };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** The test runner over a ring's files; it also reports to a file in the folder `reports`. */
function testCommands(
  { alone = [], concurrency = 1 }: Ring,
  files: readonly string[],
  reports: string,
): readonly (readonly string[])[] {
  const first = files.filter((file) => alone.includes(file));
  const others = files.filter((file) => !alone.includes(file));
  return [
    { concurrency: 1, some: first },
    { concurrency, some: others },
  ]
    .filter(({ some }) => some.length > 0)
    .map((step, index) => [
      process.execPath,
      '--test',
      `--test-concurrency=${step.concurrency}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=./scripts/ring-report.ts',
      `--test-reporter-destination=${join(reports, String(index))}`,
      ...step.some,
    ]);
}

/** Runs a command to its end; resolves with the error, if any. */
function execute(command: readonly string[], limitMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const [file = '', ...args] = command;
    const child = spawn(file, args, { stdio: 'inherit' });
    let late = false;
    const limit = setTimeout(
      () => {
        late = true;
        // The test runner ends the processes of its test files when it is asked to end.
        child.kill('SIGTERM');
      },
      Math.max(1, limitMs),
    );
    running = child;
    child.once('error', (error) => resolve(`${file}: ${error.message}`));
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      running = undefined;
      if (late) resolve(`given up after ${Math.round(limitMs / 1000)} s`);
      else if (signal !== null) resolve(`ended by ${signal}`);
      else resolve(code === 0 ? undefined : 'failed');
    });
  });
}

function line({ ring, passed, seconds, note }: Outcome): string {
  const cost = `${seconds.toFixed(1)} s`.padStart(9);
  return `${ring.name.padEnd(12)} ${passed ? 'pass' : 'FAIL'} ${cost}  ${note}`.trimEnd();
}

function nameSlowFiles({ fileCosts }: Outcome): void {
  const slow = fileCosts
    .slice(0, SLOW_FILES_MAX)
    .filter(({ seconds }) => seconds >= SLOW_FILE_MIN_S);
  for (const { path, seconds } of slow)
    console.log(`${`${seconds.toFixed(1)} s`.padStart(26)}  ${path}`);
}

function summarize(outcomes: readonly Outcome[], leftOut: readonly string[]): number {
  const failed = outcomes.filter(({ passed }) => !passed);
  const totalS = outcomes.reduce((sum, { seconds }) => sum + seconds, 0);
  console.log('\nring         result     cost');
  for (const outcome of outcomes) console.log(line(outcome));
  for (const name of leftOut) console.log(`${name.padEnd(12)} left out (ALLPATH_TEST_CEPH=skip)`);
  console.log(`${outcomes.length} rings, ${failed.length} failed, ${totalS.toFixed(1)} s`);
  if (totalS > budgetS) console.log(`more than the ${budgetS} s that two quiet cores need`);
  for (const { ring, failedTests } of failed) nameFailedTests(ring, failedTests);
  return failed.length > 0 ? 1 : 0;
}

function nameFailedTests(ring: Ring, failedTests: readonly FailedTest[]): void {
  for (const { place, name, message } of failedTests.slice(0, FAILED_TESTS_NAMED_MAX)) {
    console.log(`\n${ring.name}: ${place}\n  ${name}\n  ${message}`);
  }
  const unnamed = failedTests.length - FAILED_TESTS_NAMED_MAX;
  if (unnamed > 0) console.log(`\n${ring.name}: ${unnamed} more failed`);
}

/** A test that no ring runs proves nothing. */
function unringed(): readonly string[] {
  const ringed = new Set(rings.flatMap(({ files }) => globSync([...(files ?? [])])));
  return globSync('test/**/*.test.ts')
    .filter((file) => !ringed.has(file))
    .map((file) => `${file} (in ${dirname(file)})`);
}
