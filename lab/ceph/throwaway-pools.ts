import { Failure } from '../../src/base/failure.ts';
import { LONE_COPY_LEASE_S, PLACEMENT_GROUPS } from './ceph-conf.ts';
import type { ThrowawayCeph } from './throwaway-ceph.ts';

/** An image that several gateways may write at once: no feature that makes one client its owner. */
const ACTIVE_FEATURES: readonly string[] = ['layering'];
/** An erasure-coded pool of two data chunks and one of parity needs as many OSDs. */
const ERASURE_DATA_CHUNKS = 2;
const ERASURE_CODING_CHUNKS = 1;
const ERASURE_PROFILE = 'throwaway';

export interface PoolOptions {
  /** Copies of each object; as many as OSDs, and at most 3, unless given. */
  readonly size?: number;
  /** Writes wait while fewer copies are reachable; 1 unless given. */
  readonly minSize?: number;
  readonly placementGroups?: number;
}

/** Makes a replicated pool for images; resolves when every placement group of it serves. */
export async function createPool(
  ceph: ThrowawayCeph,
  pool: string,
  options: PoolOptions = {},
): Promise<void> {
  const { size, minSize, placementGroups: groups = PLACEMENT_GROUPS } = options;
  await ceph.ask({ prefix: 'osd pool create', pool, pg_num: groups, pgp_num: groups });
  // First, because a change of the size restarts the leases.
  if (size === 1) await setOfPool(ceph, pool, 'read_lease_interval', String(LONE_COPY_LEASE_S));
  if (size !== undefined) await setOfPool(ceph, pool, 'size', String(size));
  if (minSize !== undefined) await setOfPool(ceph, pool, 'min_size', String(minSize));
  await groupsServe(ceph, pool);
  // Without it, a user of one namespace cannot make the first image of a pool (EPERM).
  await ceph.rbd('pool', 'init', pool);
}

/**
 * Makes an erasure-coded pool that supports overwrites, for the data of images whose header is in a
 * replicated pool. Needs three OSDs on `bluestore`.
 */
export async function createErasurePool(ceph: ThrowawayCeph, pool: string): Promise<void> {
  const chunks = ERASURE_DATA_CHUNKS + ERASURE_CODING_CHUNKS;
  if (ceph.osds.length < chunks) {
    throw new Failure('cephOptions', `an erasure-coded pool needs ${chunks} OSDs`);
  }
  const profile = [
    `k=${ERASURE_DATA_CHUNKS}`,
    `m=${ERASURE_CODING_CHUNKS}`,
    'crush-failure-domain=osd',
  ];
  const name = ERASURE_PROFILE;
  await ceph.ask({ prefix: 'osd erasure-code-profile set', name, profile });
  await ceph.ask({
    prefix: 'osd pool create',
    pool,
    pg_num: PLACEMENT_GROUPS,
    pgp_num: PLACEMENT_GROUPS,
    pool_type: 'erasure',
    erasure_code_profile: name,
  });
  await setOfPool(ceph, pool, 'allow_ec_overwrites', 'true');
  // It has no image headers, so it need not be initialized.
  await ceph.ask({ prefix: 'osd pool application enable', pool, app: 'rbd' });
  await groupsServe(ceph, pool);
}

async function setOfPool(
  ceph: ThrowawayCeph,
  pool: string,
  variable: string,
  value: string,
): Promise<void> {
  const sure = variable === 'size' && value === '1' ? { yes_i_really_mean_it: true } : {};
  await ceph.ask({ prefix: 'osd pool set', pool, var: variable, val: value, ...sure });
}

async function groupsServe(ceph: ThrowawayCeph, pool: string): Promise<void> {
  // A listing reads every placement group, and waits for those that do not serve yet.
  await ceph.rados('-p', pool, 'ls', '--all');
}

/**
 * Bounds the size of the pool; 0 removes the bound. Needs a manager, which reports usage to the
 * monitor: writes continue until `poolIsFull`, 2 to 4 s after the bound was passed.
 */
export async function setPoolQuota(
  ceph: ThrowawayCeph,
  pool: string,
  maxBytes: number,
): Promise<void> {
  const quota = { field: 'max_bytes', val: String(maxBytes) };
  await ceph.ask({ prefix: 'osd pool set-quota', pool, ...quota });
}

/** Whether the monitor considers the pool full, because of its quota or of full OSDs. */
export async function poolIsFull(ceph: ThrowawayCeph, pool: string): Promise<boolean> {
  const { pools } = (await ceph.askJson({ prefix: 'osd dump' })) as {
    pools: readonly { readonly pool_name: string; readonly flags_names: string }[];
  };
  const found = pools.find((each) => each.pool_name === pool);
  return found?.flags_names.split(',').includes('full') === true;
}

/** Makes a namespace of a pool. */
export async function createNamespace(
  ceph: ThrowawayCeph,
  pool: string,
  namespace: string,
): Promise<void> {
  await ceph.rbd('namespace', 'create', `${pool}/${namespace}`);
}

export interface ImageOptions {
  readonly pool: string;
  readonly namespace?: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** The names that `rbd` uses; only `layering` unless given. */
  readonly features?: readonly string[];
  /** The pool for its data if that is another one, such as an erasure-coded pool. */
  readonly dataPool?: string;
  readonly objectSizeBytes?: number;
}

/** Makes an image. */
export async function createImage(ceph: ThrowawayCeph, options: ImageOptions): Promise<void> {
  const { pool, namespace, name, sizeBytes, dataPool, objectSizeBytes } = options;
  const { features = ACTIVE_FEATURES } = options;
  const place = namespace === undefined ? pool : `${pool}/${namespace}`;
  const args = ['create', `${place}/${name}`, '--size', `${sizeBytes}B`];
  for (const feature of features) args.push('--image-feature', feature);
  if (dataPool !== undefined) args.push('--data-pool', dataPool);
  if (objectSizeBytes !== undefined) args.push('--object-size', `${objectSizeBytes}B`);
  await ceph.rbd(...args);
}
