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
/** The depth to which the others are compared. */
const baseDepth = 32;
const depths = [baseDepth, 64, 128, 256];
/** Deep queues must be nearly as fast as that of `baseDepth`. */
export const depthRatioMin = 0.9;
/** Loads, with the expected commands per second. */
const sizes = [
  { blockBytes: 4 * kiB, perSecond: 20_000 },
  { blockBytes: 256 * kiB, perSecond: 2_000 },
  { blockBytes: 1024 * kiB, perSecond: 500 },
];
/** Each measurement fills the queue this many times. */
const turnsOfDepthMin = 4;

export interface DeepQueuesOptions {
  readonly folder: string;
  readonly on: 'local' | 'rbd';
  readonly backend: 'memstore' | 'bluestore';
  readonly osds: number;
  readonly sizeBytes: number;
  readonly seconds: number;
  readonly rounds: number;
  /** Only rows whose label contains this, and the rows that they are compared with. */
  readonly only?: string;
  progress(text: string): void;
}

export interface DepthResult {
  readonly label: string;
  /** Median. */
  readonly iops: number;
  /** The median ratio to the queue of `baseDepth`, turn by turn. */
  readonly ratio: number;
  /** The output of the client in runs that failed. */
  readonly errors: readonly string[];
}

/** Reads and writes of three lengths with ever deeper queues: none may fail or be much slower. */
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

/** Runs the depths turn by turn, so that other load of the machine affects all alike. */
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
