import { cephFailure } from '../../ceph/ceph-failure.ts';
import type { RadosClient } from '../../ceph/rados-client.ts';
import type { PlaceSpace } from '../volume.ts';

/** What `ceph df detail` says of a pool: bytes as clients see them. */
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
 * Without those of which the cluster has no figures, for want of a manager. Throws
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

/** A pool as people are told it. */
export function poolPlace(name: string): string {
  return `pool ${name}`;
}
