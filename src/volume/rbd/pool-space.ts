import { cephFailure } from '../../ceph/ceph-failure.ts';
import type { RadosClient } from '../../ceph/rados-client.ts';
import type { StoreSpace } from '../volume.ts';

/** What `ceph df detail` says of a pool: bytes as clients see them. */
interface PoolFigures {
  readonly name: string;
  readonly stats: {
    readonly stored: number;
    readonly max_avail: number;
    /** 0: no quota. */
    readonly quota_bytes?: number;
  };
}

/**
 * How full a pool is, by its quota where that is nearer than the end of the OSDs. Undefined while
 * the cluster has no figures, for want of a manager. Throws `Failure('cephFailed')`.
 */
export async function poolSpace(
  client: Pick<RadosClient, 'monCommand'>,
  pool: string,
): Promise<StoreSpace | undefined> {
  const command = { prefix: 'df', detail: 'detail', format: 'json' };
  const { errno, output, status } = await client.monCommand(command);
  if (errno < 0) throw cephFailure('df', errno, `the use of the pool ${pool} (${status})`);
  const { pools } = JSON.parse(output) as { readonly pools: readonly PoolFigures[] };
  const stats = pools.find(({ name }) => name === pool)?.stats;
  if (stats === undefined) return undefined;
  const { stored: usedBytes, max_avail: room, quota_bytes: quotaBytes = 0 } = stats;
  const left = quotaBytes === 0 ? room : Math.min(room, Math.max(0, quotaBytes - usedBytes));
  return { usedBytes, availableBytes: left };
}
