import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Load, putLoad } from './client/load.ts';
import { cpuUs } from './process-figures.ts';
import { startAllpath } from './server/allpath-server.ts';
import type { Server } from './server/server.ts';
import { startTgt } from './server/tgt-server.ts';

const kiB = 1024;

/** A row of the table, with what it is to reach beside tgt. */
interface Row {
  readonly load: Load;
  /** At least this many times tgt's commands per second. */
  readonly iopsRatioMin: number;
  /** At most this many times tgt's CPU per command. */
  readonly cpuRatioMax: number;
}

export const rows: readonly Row[] = [
  row('read', 4 * kiB, 1, 1.1, 1.3),
  row('write', 4 * kiB, 1, 1.1, 1.3),
  row('read', 4 * kiB, 32, 3, 1),
  row('write', 4 * kiB, 32, 2.5, 1),
  row('read', 4 * kiB, 128, 3, 1),
  row('write', 4 * kiB, 128, 2.5, 1),
  row('read', 256 * kiB, 16, 1.3, 1),
  row('write', 256 * kiB, 16, 1.3, 1),
  row('read', 1024 * kiB, 8, 1.3, 1),
  row('write', 1024 * kiB, 8, 1.3, 1),
  row('read', 4 * kiB, 32, 3, 1, 'iscsi-perf'),
];

function row(
  direction: Load['direction'],
  blockBytes: number,
  depth: number,
  iopsRatioMin: number,
  cpuRatioMax: number,
  tool: Load['tool'] = 'qemu-img',
): Row {
  return { load: { tool, direction, blockBytes, depth }, iopsRatioMin, cpuRatioMax };
}

export interface ComparisonOptions {
  /** Images and store go to a new folder in it; its file system is the one measured. */
  readonly folder: string;
  readonly sizeBytes: number;
  /** The images are filled by writes of this length; see `fillDisk`. */
  readonly fillBytes: number;
  /** How often each row is measured on each server, in turns. */
  readonly rounds: number;
  /** About how long each measurement takes. */
  readonly seconds: number;
  /** Only rows whose label contains this. */
  readonly only?: string;
  /** Told before each measurement. */
  progress(text: string): void;
}

/** Medians of one server on one row. */
export interface Figures {
  readonly iops: number;
  readonly serverCpuUs: number;
  readonly clientCpuUs: number;
}

export interface RowResult {
  readonly label: string;
  readonly tgt: Figures;
  readonly allpath: Figures;
  readonly iopsRatio: number;
  readonly cpuRatio: number;
  readonly iopsRatioMin: number;
  readonly cpuRatioMax: number;
  readonly reached: boolean;
}

/** Measures tgt and Allpath turn by turn, on fresh and filled images of one file system. */
export async function compareWithTgt(options: ComparisonOptions): Promise<readonly RowResult[]> {
  const folder = await mkdtemp(join(options.folder, 'allpath-bench-'));
  try {
    const { sizeBytes, fillBytes } = options;
    options.progress('filling the images');
    await using tgt = await startTgt(join(folder, 'tgt.img'), sizeBytes, fillBytes);
    await using allpath = await startAllpath(join(folder, 'store'), sizeBytes, fillBytes);
    for (const server of [tgt, allpath]) {
      options.progress(`warming up ${server.name}`);
      await warmUpWhole(server, options.seconds);
    }
    const results: RowResult[] = [];
    for (const each of rows) {
      if (options.only !== undefined && !labelOf(each.load).includes(options.only)) continue;
      results.push(await compareRow(each, tgt, allpath, options));
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareRow(
  { load, iopsRatioMin, cpuRatioMax }: Row,
  tgt: Server,
  allpath: Server,
  { rounds, seconds, progress }: ComparisonOptions,
): Promise<RowResult> {
  const label = labelOf(load);
  const measured = new Map<Server, Figures[]>([
    [tgt, []],
    [allpath, []],
  ]);
  const rates = new Map<Server, number>();
  for (const server of measured.keys()) rates.set(server, await warmUp(server, load, seconds));
  for (let round = 0; round < rounds; round += 1) {
    // Who comes first changes, for the second may find the machine warmer or busier.
    const turns = round % 2 === 0 ? [tgt, allpath] : [allpath, tgt];
    for (const server of turns) {
      progress(`${label}, round ${round + 1} of ${rounds}, ${server.name}`);
      measured.get(server)?.push(await measure(server, load, seconds, rates.get(server) ?? 1));
    }
  }
  const figures = { tgt: medians(measured.get(tgt)), allpath: medians(measured.get(allpath)) };
  const iopsRatio = figures.allpath.iops / figures.tgt.iops;
  const cpuRatio = figures.allpath.serverCpuUs / figures.tgt.serverCpuUs;
  const reached = iopsRatio >= iopsRatioMin && cpuRatio <= cpuRatioMax;
  return { label, ...figures, iopsRatio, cpuRatio, iopsRatioMin, cpuRatioMax, reached };
}

/** Each direction, deep and alone, until a just-in-time compiler has done its work. */
async function warmUpWhole(server: Server, seconds: number): Promise<void> {
  const common = { tool: 'qemu-img', blockBytes: 4 * kiB } as const;
  for (const direction of ['read', 'write'] as const) {
    for (const depth of [32, 1]) {
      const commands = Math.ceil(seconds * (depth === 1 ? 10_000 : 60_000));
      await putLoad(server.url, { ...common, direction, depth }, commands, 1);
    }
  }
}

/** A short run that finds the rate, from which the count of a measurement follows. */
async function warmUp(server: Server, load: Load, seconds: number): Promise<number> {
  const commands = Math.max(8, Math.round((200_000 * Math.min(1, seconds)) / load.blockBytes) * 8);
  const result = await putLoad(server.url, load, commands, commands);
  return result.commands / result.seconds;
}

async function measure(server: Server, load: Load, seconds: number, rate: number) {
  const commands = Math.max(load.depth, Math.round(rate * seconds));
  const cpuBeforeUs = cpuUs(server.pid);
  const result = await putLoad(server.url, load, commands, rate);
  const serverCpuUs = cpuUs(server.pid) - cpuBeforeUs;
  return {
    iops: result.commands / result.seconds,
    serverCpuUs: serverCpuUs / result.commands,
    clientCpuUs: result.clientCpuUs / result.commands,
  };
}

function medians(all: readonly Figures[] = []): Figures {
  const median = (pick: (figures: Figures) => number) => {
    const sorted = all.map(pick).sort((a, b) => a - b);
    const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
    const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
    return (lower + upper) / 2;
  };
  return {
    iops: median(({ iops }) => iops),
    serverCpuUs: median(({ serverCpuUs }) => serverCpuUs),
    clientCpuUs: median(({ clientCpuUs }) => clientCpuUs),
  };
}

export function labelOf({ tool, direction, blockBytes, depth }: Load): string {
  const size = blockBytes < 1024 ** 2 ? `${blockBytes / kiB} KiB` : `${blockBytes / kiB ** 2} MiB`;
  return `${size} depth ${depth} ${direction}${tool === 'iscsi-perf' ? ' (iscsi-perf)' : ''}`;
}
