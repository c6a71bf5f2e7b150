import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Load } from './client/load.ts';
import { type Figures, labelOf, measureTurns, type TurnsOptions, warmUp } from './measurement.ts';
import { startAllpath } from './server/allpath-server.ts';
import type { Server } from './server/server.ts';
import { startTgt } from './server/tgt-server.ts';

const kiB = 1024;

/** A row of the table, with its aims compared with tgt. */
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

export interface ComparisonOptions extends TurnsOptions {
  /** Images and store go to a new folder in it; its file system is the one that is measured. */
  readonly folder: string;
  readonly sizeBytes: number;
  /** The images are filled by writes of this length; see `fillDisk`. */
  readonly fillBytes: number;
  /** Only rows whose label contains this. */
  readonly only?: string;
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
      await warmUp(server, options.seconds);
    }
    const results: RowResult[] = [];
    for (const each of rows) {
      if (options.only !== undefined && !labelOf(each.load).includes(options.only)) continue;
      results.push(await compareRow(each, [tgt, allpath], options));
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareRow(
  { load, iopsRatioMin, cpuRatioMax }: Row,
  servers: readonly [tgt: Server, allpath: Server],
  options: ComparisonOptions,
): Promise<RowResult> {
  const [tgt, allpath] = await measureTurns(load, servers, options);
  if (tgt === undefined || allpath === undefined) throw new Error('a server was not measured');
  const iopsRatio = allpath.iops / tgt.iops;
  const cpuRatio = allpath.serverCpuUs / tgt.serverCpuUs;
  const reached = iopsRatio >= iopsRatioMin && cpuRatio <= cpuRatioMax;
  return {
    label: labelOf(load),
    tgt,
    allpath,
    iopsRatio,
    cpuRatio,
    iopsRatioMin,
    cpuRatioMax,
    reached,
  };
}
