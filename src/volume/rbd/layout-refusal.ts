import { cephFailure } from '../../ceph/ceph-failure.ts';
import { EACCES, ENOENT, EPERM } from '../../ceph/errno.ts';
import type { RadosClient } from '../../ceph/rados-client.ts';
import type { VolumeLayout } from '../volume.ts';
import type { ImagePlace } from './image-spec.ts';

/** librbd's bounds of the order of an image. */
const ORDER_MIN = 12;
const ORDER_MAX = 25;
const OBJECT_SIZE_DEFAULT_BYTES = 4 * 1024 * 1024;

/** `type` of a pool that is erasure-coded, in the map of the OSDs. */
const TYPE_ERASURE = 3;

/** A pool in the output of `ceph osd pool ls detail`. */
interface PoolDetail {
  readonly pool_id: number;
  readonly pool_name: string;
  readonly type: number;
  /** Comma-separated. */
  readonly flags_names: string;
}

type Asked = Pick<RadosClient, 'monCommand'>;

/** Read to see whether the user may: it need not be there. */
const PROBE_OBJECT = 'allpath.probe';

/** The likely reason why librbd refuses a new image with this errno; empty when unknown. */
export function createHint({ pool, namespace = '' }: ImagePlace, errno: number): string {
  if (errno === ENOENT && namespace !== '') {
    return `: does the namespace exist? Create it with: rbd namespace create ${pool}/${namespace}`;
  }
  if (errno !== EPERM && errno !== EACCES) return '';
  const command = `rbd pool init ${pool}`;
  return `: is the pool initialized (${command}), and has the user all of "allpath ceph caps"?`;
}

/** The order of an image's objects; undefined for a size that objects cannot have. */
export function orderOf({ objectSizeBytes }: VolumeLayout): number | undefined {
  const order = Math.log2(objectSizeBytes ?? OBJECT_SIZE_DEFAULT_BYTES);
  return Number.isInteger(order) && order >= ORDER_MIN && order <= ORDER_MAX ? order : undefined;
}

/**
 * The obstacle to an image in `pool` with that layout, in words; undefined if there is none. Throws
 * `Failure('cephFailed')`.
 */
export async function layoutRefusal(
  client: Pick<RadosClient, 'monCommand' | 'openPool'>,
  { pool, namespace = '' }: ImagePlace,
  layout: VolumeLayout,
): Promise<string | undefined> {
  if (orderOf(layout) === undefined) return 'an object size is a power of two from 4K to 32M';
  const { dataPool } = layout;
  if (dataPool === undefined) return undefined;
  if (dataPool === pool) return `${pool} is the pool of the images: no data pool has to be named`;
  const found = (await poolDetails(client)).find(({ pool_name: name }) => name === dataPool);
  if (found === undefined) return `the cluster has no pool ${dataPool}`;
  const overwrites = found.flags_names.split(',').includes('ec_overwrites');
  if (found.type === TYPE_ERASURE && !overwrites) {
    const command = `ceph osd pool set ${dataPool} allow_ec_overwrites true`;
    return `the pool ${dataPool} is erasure-coded and allows no overwrites; fix: ${command}`;
  }
  const data = await client.openPool(dataPool, { namespace });
  try {
    const { errno } = await data.read(PROBE_OBJECT, [{ step: 'stat' }]);
    if (errno !== EPERM && errno !== EACCES) return undefined;
    return `the user may not use the pool ${dataPool}: see "allpath ceph caps --data-pools"`;
  } finally {
    data.close();
  }
}

/** Names of pools by id. Throws `Failure('cephFailed')`. */
export async function poolNames(client: Asked): Promise<ReadonlyMap<number, string>> {
  return new Map((await poolDetails(client)).map((each) => [each.pool_id, each.pool_name]));
}

async function poolDetails(client: Asked): Promise<readonly PoolDetail[]> {
  const command = { prefix: 'osd pool ls', detail: 'detail', format: 'json' };
  const { errno, output, status } = await client.monCommand(command);
  if (errno < 0) throw cephFailure('osd pool ls', errno, `the pools of the cluster (${status})`);
  return JSON.parse(output) as readonly PoolDetail[];
}
