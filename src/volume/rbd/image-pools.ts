import { Failure } from '../../base/failure.ts';
import { errnoOf } from '../../ceph/ceph-failure.ts';
import { ENOENT } from '../../ceph/errno.ts';
import type { RadosClient } from '../../ceph/rados-client.ts';
import type { RadosPool } from '../../ceph/rados-pool.ts';
import { type ImageReference, migrationSource, parentOf } from './image-reference.ts';
import { headerObject } from './image-settings.ts';

/** Images that an image is read through: parents of parents, and what they are migrated from. */
const ANCESTORS_MAX = 64;

/** Keys of an image's header. */
const DATA_POOL_KEY = 'data_pool_id';
const PARENT_KEY = 'parent';
const MIGRATION_KEY = 'migration';

type Client = Pick<RadosClient, 'openPool'>;

/**
 * Throws `Failure('volumeBroken')` when librbd would look for a pool that is gone while it opens
 * the image. It looks on the thread on which the client completes all its operations, and there it
 * waits for a newer map of the cluster, which the same thread would have to take: a client with one
 * such thread never completes anything again. What cannot be read here is left for librbd to judge.
 */
export async function requirePools(
  client: Client,
  pool: RadosPool,
  { name, id: known }: { readonly name: string; readonly id: string | undefined },
): Promise<void> {
  const id = known ?? (await imageId(pool, name));
  if (id === undefined) return;
  const lost = await lostPool(client, pool, id);
  if (lost === undefined) return;
  throw new Failure('volumeBroken', `the image ${name} cannot be opened: ${lost}`, { name });
}

/** The identifier of the image of that name; undefined when there is none, or it cannot be read. */
async function imageId(pool: Pick<RadosPool, 'read'>, name: string): Promise<string | undefined> {
  const { errno, values } = await pool.read(`rbd_id.${name}`, [
    { step: 'read', offset: 0, length: ID_LENGTH_MAX },
  ]);
  if (errno < 0 || values[0]?.step !== 'read') return undefined;
  // A number of four bytes says how long it is.
  return Buffer.from(values[0].bytes.subarray(4)).toString('latin1');
}

/** Identifiers of librbd have some 20 characters. */
const ID_LENGTH_MAX = 256;

/** What is said of the first pool that is gone, among those of the image and its ancestors. */
async function lostPool(
  client: Client,
  own: Pick<RadosPool, 'read'>,
  id: string,
): Promise<string | undefined> {
  const first = await headerOf(own, id);
  if (first === undefined) return undefined;
  const dataPool = await lostDataPool(client, first, 'its data were');
  if (dataPool !== undefined) return dataPool;
  const waiting = [...first.ancestors];
  for (let count = 0; count < ANCESTORS_MAX; count++) {
    const next = waiting.shift();
    if (next === undefined) return undefined;
    const pool = await openPool(client, next.poolId, next.namespace);
    if (pool === undefined)
      return gone(`the image ${next.id}, which it depends on, was`, next.poolId);
    try {
      const header = await headerOf(pool, next.id);
      if (header === undefined) continue;
      const lost = await lostDataPool(client, header, `the data of ${next.id}, its parent, were`);
      if (lost !== undefined) return lost;
      waiting.push(...header.ancestors);
    } finally {
      pool.close();
    }
  }
  return `more than ${ANCESTORS_MAX} images have to be opened for it`;
}

interface Header {
  readonly dataPoolId: number | undefined;
  readonly ancestors: readonly ImageReference[];
}

async function headerOf(pool: Pick<RadosPool, 'read'>, id: string): Promise<Header | undefined> {
  const { errno, values } = await pool.read(headerObject(id), [
    { step: 'omapGetValuesByKeys', keys: [DATA_POOL_KEY, PARENT_KEY, MIGRATION_KEY] },
  ]);
  if (errno < 0 || values[0]?.step !== 'omapGetValuesByKeys') return undefined;
  const found = values[0].values;
  const dataPool = found.get(DATA_POOL_KEY);
  const parent = found.get(PARENT_KEY);
  const migration = found.get(MIGRATION_KEY);
  const ancestors = [
    parent === undefined ? undefined : parentOf(parent),
    migration === undefined ? undefined : migrationSource(migration),
  ];
  return {
    dataPoolId: dataPool === undefined ? undefined : Number(Buffer.from(dataPool).readBigInt64LE()),
    ancestors: ancestors.filter((each) => each !== undefined),
  };
}

async function lostDataPool(
  client: Client,
  { dataPoolId }: Header,
  whose: string,
): Promise<string | undefined> {
  if (dataPoolId === undefined) return undefined;
  const pool = await openPool(client, dataPoolId);
  pool?.close();
  return pool === undefined ? gone(whose, dataPoolId) : undefined;
}

/** Undefined when the newest map of the cluster has no such pool. */
async function openPool(
  client: Client,
  id: number,
  namespace = '',
): Promise<RadosPool | undefined> {
  try {
    return await client.openPool(id, { namespace });
  } catch (error) {
    if (errnoOf(error) === ENOENT) return undefined;
    throw error;
  }
}

function gone(whose: string, poolId: number): string {
  return `${whose} in pool number ${poolId}, which the cluster no longer has`;
}
