// Runs the model checker: spin writes a verifier in C, which visits every reachable state.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun, run } from '../test/support/run.ts';
import type { Settings } from './configurations.ts';

export interface CheckRequest {
  readonly settings: Settings;
  /** A planted error, or a variant. */
  readonly macro?: string | undefined;
  /** Costs half a minute of compiling less, and is three times as slow. */
  readonly isQuick: boolean;
  /** Looks for runs without an end, instead of assertions that do not hold. */
  readonly forCycles?: boolean;
  /** Whether an error comes with what led to it. */
  readonly withTrace?: boolean;
}

export interface CheckResult {
  /** Every reachable state was visited. */
  readonly isExhaustive: boolean;
  /** The assertion that does not hold, or that a run has no end. */
  readonly violated?: string;
  readonly trace: readonly string[];
  readonly states: number;
  readonly memoryMiB: number;
  readonly seconds: number;
}

const model = fileURLToPath(new URL('unit-event.pml', import.meta.url));
const MEMORY_MAX_MIB = 6 * 1024;
const DEPTH_MAX = 100_000;
/** Only a hang takes so long. */
const CHECK_MAX_MS = 4 * 3_600_000;

export async function checkModel(request: CheckRequest): Promise<CheckResult> {
  const folder = await mkdtemp(join(tmpdir(), 'allpath-model-'));
  const inFolder = (program: string, args: readonly string[]) =>
    mustRun('env', ['-C', folder, program, ...args], CHECK_MAX_MS);
  try {
    const macros = macrosOf(request);
    await inFolder('spin', ['-a', ...macros, model]);
    await inFolder('gcc', ['-w', ...compilerOptions(request), '-o', 'pan', 'pan.c']);
    const options = [`-m${DEPTH_MAX}`, ...(request.forCycles ? ['-l'] : [])];
    const { stdout } = await run('env', ['-C', folder, './pan', ...options], CHECK_MAX_MS);
    const hasTrace = request.withTrace === true && stdout.includes('wrote ');
    const trail = hasTrace
      ? await inFolder('spin', ['-k', 'unit-event.pml.trail', '-p', ...macros, model])
      : '';
    return { ...resultIn(stdout), trace: stepsIn(trail) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function macrosOf({ settings, macro }: CheckRequest): readonly string[] {
  const macros = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
  return macro === undefined ? macros : [...macros, `-D${macro}`];
}

function compilerOptions({ isQuick, forCycles = false }: CheckRequest): readonly string[] {
  // No step is called progress, so any cycle is one without; all state is shared, so no two
  // steps are independent.
  const always = [
    forCycles ? '-DNP' : '-DSAFETY',
    '-DNOREDUCE',
    '-DVECTORSZ=512',
    `-DMEMLIM=${MEMORY_MAX_MIB}`,
  ];
  return [...always, ...(isQuick ? ['-O0'] : ['-O2', '-DCOLLAPSE'])];
}

/** What the verifier prints at its end. */
export function resultIn(output: string): Omit<CheckResult, 'trace'> {
  const violated = /^pan:1: (?:assertion violated )?\s*(.*) \(at depth/m.exec(output)?.[1];
  const figure = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  const isCut = /max search depth too small|reached -DMEMLIM|out of memory/.test(output);
  return {
    isExhaustive: /errors: 0$/m.test(output) && !isCut,
    ...(violated === undefined ? {} : { violated }),
    states: figure(/^\s*(\d+) states, stored/m),
    memoryMiB: figure(/^\s*([\d.]+)\s+total actual memory usage/m),
    seconds: figure(/elapsed time ([\d.]+) seconds/),
  };
}

/** The assignments of a trace, each with its gateway and its line in the model. */
export function stepsIn(trail: string): readonly string[] {
  const pattern =
    /proc +(\d+) \((gateway|control):\d+\) \S+:(\d+) \(state \d+\)\s+\[(.* = .*)\]$/gm;
  return [...trail.matchAll(pattern)].map(([, process, , line, statement]) => {
    // Process 0 is `init`; each gateway has two.
    const gateway = Math.floor((Number(process) - 1) / 2);
    return `gateway ${gateway}, line ${line}: ${statement?.replaceAll('[i]', '')}`;
  });
}
