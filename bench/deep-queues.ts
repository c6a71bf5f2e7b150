import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ThrowawayCeph } from '../lab/ceph/throwaway-ceph.ts';
import { createPool } from '../lab/ceph/throwaway-pools.ts';
import { type Load, putLoad } from './client/load.ts';
import { labelOf } from './measurement.ts';
import { rbdConfLines } from './rbd-comparison.ts';
import { startAllpath, startAllpathOnCeph } from './server/allpath-server.ts';
import { fillDisk } from './server/fill-disk.ts';

const kiB = 1024;
const pool = 'bench';
const fillBytes = 4 * kiB ** 2;
/** What the others are measured by. */
const baseDepth = 32;
const depths = [baseDepth, 64, 128, 256];
/** Deep queues are to be nearly as fast as that of `baseDepth`. */
export const depthRatioMin = 0.9;
/** With about how many commands a second to expect. */
const sizes = [
  { blockBytes: 4 * kiB, perSecond: 20_000 },
  { blockBytes: 256 * kiB, perSecond: 2_000 },
  { blockBytes: 1024 * kiB, perSecond: 500 },
];
/** Each depth is used up some times in a measurement. */
const turnsOfDepthMin = 4;

export interface DeepQueuesOptions {
  readonly folder: string;
  readonly on: 'local' | 'rbd';
  readonly backend: 'memstore' | 'bluestore';
  readonly osds: number;
  readonly sizeBytes: number;
  readonly seconds: number;
  readonly rounds: number;
  /** Only rows whose label contains this, and those that they are measured by. */
  readonly only?: string;
  progress(text: string): void;
}

export interface DepthResult {
  readonly label: string;
  /** Median. */
  readonly iops: number;
  /** To the queue of `baseDepth`, turn by turn: the median. */
  readonly ratio: number;
  /** What the client said in runs that failed. */
  readonly errors: readonly string[];
}

/** Reads and writes of three lengths with ever deeper queues: none may fail, or be much slower. */
export async function measureDeepQueues(
  options: DeepQueuesOptions,
): Promise<readonly DepthResult[]> {
  const folder = await mkdtemp(join(options.folder, 'allpath-bench-'));
  try {
    return await (options.on === 'rbd' ? onRbd(options) : onLocal(options, folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function onLocal(options: DeepQueuesOptions, folder: string) {
  await using server = await startAllpath(join(folder, 'store'), options.sizeBytes, fillBytes);
  return await measureAll(server.url, options);
}

async function onRbd(options: DeepQueuesOptions) {
  const { osds, backend, folder: parent, sizeBytes } = options;
  await using ceph = await ThrowawayCeph.start({ osds, backend, parent, lines: rbdConfLines });
  await createPool(ceph, pool);
  await using server = await startAllpathOnCeph({ conf: ceph.conf, pool }, sizeBytes);
  await fillDisk(server.url, sizeBytes, fillBytes);
  return await measureAll(server.url, options);
}

async function measureAll(url: string, options: DeepQueuesOptions): Promise<DepthResult[]> {
  const results: DepthResult[] = [];
  for (const { blockBytes, perSecond } of sizes) {
    for (const direction of ['read', 'write'] as const) {
      const loads = depths
        .map((depth): Load => ({ tool: 'qemu-img', direction, blockBytes, depth }))
        .filter((load) => load.depth === baseDepth || isWanted(load, options.only));
      if (!loads.some((load) => isWanted(load, options.only))) continue;
      results.push(...(await measureDepths(url, loads, perSecond * options.seconds, options)));
    }
  }
  return results;
}

function isWanted(load: Load, only: string | undefined): boolean {
  return only === undefined || labelOf(load).includes(only);
}

/** The depths turn by turn, so that what else the machine does strikes all alike. */
async function measureDepths(
  url: string,
  loads: readonly Load[],
  commands: number,
  { rounds, progress }: DeepQueuesOptions,
): Promise<DepthResult[]> {
  const runs = loads.map((load) => ({ load, rates: [] as number[], errors: [] as string[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { load, rates, errors } of runs) {
      progress(`${labelOf(load)}, round ${round + 1} of ${rounds}`);
      const count = Math.round(Math.max(commands, turnsOfDepthMin * load.depth));
      try {
        const result = await putLoad(url, load, count, commands);
        rates.push(result.commands / result.seconds);
      } catch (error) {
        rates.push(Number.NaN);
        errors.push(error instanceof Error ? error.message : String(error));
      }
    }
  }
  const [base] = runs;
  return runs.map(({ load, rates, errors }) => ({
    label: labelOf(load),
    iops: median(rates),
    ratio: median(rates.map((rate, i) => rate / (base?.rates[i] ?? Number.NaN))),
    errors,
  }));
}

function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
