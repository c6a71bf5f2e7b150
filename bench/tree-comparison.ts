import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ThrowawayCeph } from '../lab/ceph/throwaway-ceph.ts';
import { createPool } from '../lab/ceph/throwaway-pools.ts';
import type { DemoOptions } from '../test/support/demo.ts';
import type { Load } from './client/load.ts';
import {
  type Figures,
  labelOf,
  measureTurns,
  type Subject,
  type TurnsOptions,
  warmUp,
} from './measurement.ts';
import { rbdConfLines, rbdRows } from './rbd-comparison.ts';
import { startDemo } from './server/allpath-server.ts';
import { fillDisk } from './server/fill-disk.ts';
import { rows } from './tgt-comparison.ts';

/** Long writes, because the disks only must not have holes. */
const FILL_BYTES = 4 * 1024 ** 2;

export interface TreeComparisonOptions extends TurnsOptions {
  /** Another checkout of the project, which is set up. */
  readonly before: string;
  readonly on: 'local' | 'rbd';
  /** Stores, and the cluster, go to a new folder in it. */
  readonly folder: string;
  readonly sizeBytes: number;
  readonly osds: number;
  readonly backend: 'memstore' | 'bluestore';
  /** Only rows whose label contains this. */
  readonly only?: string;
}

export interface TreeRowResult {
  readonly label: string;
  readonly before: Figures;
  readonly now: Figures;
  readonly iopsRatio: number;
  readonly cpuRatio: number;
}

/** Measures this tree and another checkout turn by turn, each with one gateway. */
export async function compareTrees(
  options: TreeComparisonOptions,
): Promise<readonly TreeRowResult[]> {
  const folder = await mkdtemp(join(options.folder, 'allpath-bench-'));
  try {
    if (options.on === 'local') {
      return await compareOn(
        (tree) => ({ store: join(folder, tree) }),
        () => [],
        options,
      );
    }
    const { osds, backend } = options;
    await using ceph = await ThrowawayCeph.start({
      osds,
      backend,
      parent: folder,
      lines: rbdConfLines,
    });
    for (const pool of ['before', 'now']) await createPool(ceph, pool);
    const behind = () => ceph.osds.flatMap((osd) => osd.process?.pid ?? []);
    return await compareOn((pool) => ({ ceph: { conf: ceph.conf, pool } }), behind, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareOn(
  placeOf: (tree: 'before' | 'now') => DemoOptions,
  behind: () => readonly number[],
  options: TreeComparisonOptions,
): Promise<readonly TreeRowResult[]> {
  const { sizeBytes, progress } = options;
  const program = join(resolve(options.before), 'bin', 'allpath');
  await using before = await startDemo({ ...placeOf('before'), program }, sizeBytes);
  await using now = await startDemo(placeOf('now'), sizeBytes);
  const subjects: readonly Subject[] = [
    { ...before, name: 'before', behind },
    { ...now, name: 'now', behind },
  ];
  for (const subject of subjects) {
    progress(`filling the disk of ${subject.name}, and warming it up`);
    await fillDisk(subject.url, sizeBytes, FILL_BYTES);
    await warmUp(subject, options.on === 'local' ? options.seconds : options.seconds / 4);
  }
  const loads: readonly Load[] = (options.on === 'local' ? rows : rbdRows).map(({ load }) => load);
  const results: TreeRowResult[] = [];
  for (const load of loads) {
    if (options.only !== undefined && !labelOf(load).includes(options.only)) continue;
    const [old, recent] = await measureTurns(load, subjects, options);
    if (old === undefined || recent === undefined) throw new Error('a tree was not measured');
    results.push({
      label: labelOf(load),
      before: old,
      now: recent,
      iopsRatio: recent.iops / old.iops,
      cpuRatio: recent.serverCpuUs / old.serverCpuUs,
    });
  }
  return results;
}
