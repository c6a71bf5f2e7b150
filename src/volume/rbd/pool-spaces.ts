import { cephFailure } from '../../ceph/ceph-failure.ts';
import type { RadosClient } from '../../ceph/rados-client.ts';
import type { PlaceSpace } from '../volume.ts';

/** The figures of a pool in `ceph df detail`: bytes as clients see them. */
interface PoolFigures {
  readonly id: number;
  readonly name: string;
  readonly stats?: {
    readonly stored: number;
    readonly max_avail: number;
    /** 0: no quota. */
    readonly quota_bytes?: number;
  };
}

/**
 * How full each pool is, by its id: by its quota where that is nearer than the end of the OSDs.
 * Pools without figures, because the cluster has no manager, are left out. Throws
 * `Failure('cephFailed')`.
 */
export async function poolSpaces(
  client: Pick<RadosClient, 'monCommand'>,
): Promise<ReadonlyMap<number, PlaceSpace>> {
  const command = { prefix: 'df', detail: 'detail', format: 'json' };
  const { errno, output, status } = await client.monCommand(command);
  if (errno < 0) throw cephFailure('df', errno, `the use of the pools (${status})`);
  const { pools } = JSON.parse(output) as { readonly pools: readonly PoolFigures[] };
  const spaces = new Map<number, PlaceSpace>();
  for (const { id, name, stats } of pools) {
    if (stats === undefined) continue;
    const { stored: usedBytes, max_avail: room, quota_bytes: quotaBytes = 0 } = stats;
    const left = quotaBytes === 0 ? room : Math.min(room, Math.max(0, quotaBytes - usedBytes));
    spaces.set(id, { place: poolPlace(name), usedBytes, availableBytes: left });
  }
  return spaces;
}

/** A pool in words, for people. */
export function poolPlace(name: string): string {
  return `pool ${name}`;
}
