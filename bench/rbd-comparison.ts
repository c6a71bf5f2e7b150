import { ThrowawayCeph } from '../lab/ceph/throwaway-ceph.ts';
import { createPool } from '../lab/ceph/throwaway-pools.ts';
import type { Load } from './client/load.ts';
import {
  type Figures,
  labelOf,
  measureTurns,
  type Subject,
  type TurnsOptions,
  warmUp,
} from './measurement.ts';
import { startAllpathOnCeph } from './server/allpath-server.ts';
import { fillDisk } from './server/fill-disk.ts';
import { startTgtOn } from './server/tgt-server.ts';

const kiB = 1024;
const pool = 'bench';
/** Long writes, because the images only must not have holes. */
const fillBytes = 4 * kiB ** 2;
/**
 * The same conditions for every subject.
 *
 * - No client cache: by default librbd acknowledges data that is only in its memory, also to tgt,
 *   and several gateways would serve different data.
 * - An OSD in memory keeps an object in pages: by default each short write makes all later ones to
 *   the object slower, to the disadvantage of subjects that are measured later or write faster.
 */
export const rbdConfLines = { client: ['rbd cache = false'], osd: ['memstore page set = true'] };

/** A row of the table, with its aims. */
interface Row {
  readonly load: Load;
  /** At least this many times tgt-rbd's commands per second; 0: no floor. */
  readonly tgtRatioMin: number;
  /** At least this many times raw librbd's; 0: no floor. */
  readonly rawRatioMin: number;
  /** At most this many times tgt-rbd's CPU per command, librbd's own included. */
  readonly cpuRatioMax: number;
}

const shapes = [
  { blockBytes: 4 * kiB, depth: 1, tgtRatioMin: 0.9, rawRatioMin: 0, cpuRatioMax: 1 },
  { blockBytes: 4 * kiB, depth: 32, tgtRatioMin: 1.3, rawRatioMin: 0.8, cpuRatioMax: 0.6 },
  { blockBytes: 4 * kiB, depth: 128, tgtRatioMin: 1.3, rawRatioMin: 0, cpuRatioMax: 0.6 },
  { blockBytes: 256 * kiB, depth: 16, tgtRatioMin: 0, rawRatioMin: 0.8, cpuRatioMax: 0.8 },
] as const;

export const rbdRows: readonly Row[] = shapes.flatMap(({ blockBytes, depth, ...floors }) =>
  (['read', 'write'] as const).map((direction) => ({
    load: { tool: 'qemu-img' as const, direction, blockBytes, depth },
    ...floors,
  })),
);

export interface RbdComparisonOptions extends TurnsOptions {
  /** The cluster goes to a new folder in it. */
  readonly folder: string;
  readonly backend: 'memstore' | 'bluestore';
  readonly osds: number;
  readonly sizeBytes: number;
  /** Only rows whose label contains this. */
  readonly only?: string;
}

export interface RbdRowResult {
  readonly label: string;
  readonly raw: Figures;
  readonly tgt: Figures;
  readonly allpath: Figures;
  readonly tgtRatio: number;
  readonly rawRatio: number;
  readonly cpuRatio: number;
  readonly floors: Omit<Row, 'load'>;
  readonly reached: boolean;
}

/** Measures raw librbd, tgt with tgt-rbd, and Allpath turn by turn, each on its own image. */
export async function compareOnRbd(
  options: RbdComparisonOptions,
): Promise<readonly RbdRowResult[]> {
  const { backend, osds, sizeBytes, progress } = options;
  progress(`starting a Ceph of ${osds} OSD(s), ${backend}`);
  await using ceph = await ThrowawayCeph.start({
    osds,
    backend,
    parent: options.folder,
    lines: rbdConfLines,
  });
  await createPool(ceph, pool);
  const size = String(sizeBytes / kiB ** 2);
  for (const image of ['raw', 'tgt']) {
    await ceph.rbd('create', '-p', pool, '--size', size, '--image-feature', 'layering', image);
  }
  const behind = () => ceph.osds.flatMap((osd) => osd.process?.pid ?? []);
  const raw: Subject = { name: 'librbd', url: rbdUrl(ceph, 'raw'), pid: undefined, behind };
  const bsopts = `conf=${ceph.conf};id=admin`;
  const backing = ['--bstype', 'rbd', '--backing-store', `${pool}/tgt`, '--bsopts', bsopts];
  await using tgt = await startTgtOn('tgt-rbd', backing);
  await using allpath = await startAllpathOnCeph({ conf: ceph.conf, pool }, sizeBytes);
  const subjects: readonly Subject[] = [raw, { ...tgt, behind }, { ...allpath, behind }];
  for (const { name, url } of subjects) {
    progress(`filling the image of ${name}`);
    await fillDisk(url, sizeBytes, fillBytes);
  }
  for (const server of [tgt, allpath]) {
    progress(`warming up ${server.name}`);
    await warmUp(server, options.seconds / 4);
  }
  const results: RbdRowResult[] = [];
  for (const row of rbdRows) {
    if (options.only !== undefined && !labelOf(row.load).includes(options.only)) continue;
    results.push(await compareRow(row, subjects, options));
  }
  return results;
}

async function compareRow(
  { load, ...floors }: Row,
  subjects: readonly Subject[],
  options: TurnsOptions,
): Promise<RbdRowResult> {
  const [raw, tgt, allpath] = await measureTurns(load, subjects, options);
  if (raw === undefined || tgt === undefined || allpath === undefined) {
    throw new Error('a subject was not measured');
  }
  const tgtRatio = allpath.iops / tgt.iops;
  const rawRatio = allpath.iops / raw.iops;
  const cpuRatio = allpath.serverCpuUs / tgt.serverCpuUs;
  const reached =
    tgtRatio >= floors.tgtRatioMin &&
    rawRatio >= floors.rawRatioMin &&
    cpuRatio <= floors.cpuRatioMax;
  return { label: labelOf(load), raw, tgt, allpath, tgtRatio, rawRatio, cpuRatio, floors, reached };
}

/** The image in the form that QEMU's block driver takes. */
function rbdUrl(ceph: ThrowawayCeph, image: string): string {
  return `rbd:${pool}/${image}:id=admin:conf=${ceph.conf}:rbd_cache=false`;
}
