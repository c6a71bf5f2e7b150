import { Failure } from '../../base/failure.ts';
import { errnoOf } from '../../ceph/ceph-failure.ts';
import { ENOENT } from '../../ceph/errno.ts';
import type { RadosClient } from '../../ceph/rados-client.ts';
import type { RadosPool } from '../../ceph/rados-pool.ts';
import type { PoolNeed } from './capabilities.ts';
import { type ImageReference, migrationSource, parentOf } from './image-reference.ts';
import { headerObject } from './image-settings.ts';

/** Images that an image is read through: parents of parents, and what they are migrated from. */
const ANCESTORS_MAX = 64;

/** Identifiers of librbd have some 20 characters. */
const ID_LENGTH_MAX = 256;

/** Keys of an image's header. */
const DATA_POOL_KEY = 'data_pool_id';
const PARENT_KEY = 'parent';
const MIGRATION_KEY = 'migration';

type Client = Pick<RadosClient, 'openPool'>;

interface SoughtImage {
  readonly name: string;
  /** By its name when undefined. */
  readonly id: string | undefined;
  readonly namespace: string;
}

/**
 * The pools that librbd needs for an image beside the one that holds its header. Throws
 * `Failure('volumeBroken')` when one is gone: librbd would look for it on the thread on which the
 * client completes all its operations, and wait there for a newer map of the cluster, which that
 * same thread would have to take. A client with one such thread never completes anything again. An
 * object that cannot be read here is left to librbd.
 */
export async function imagePools(
  client: Client,
  pool: Pick<RadosPool, 'read'>,
  { name, id: known, namespace }: SoughtImage,
): Promise<readonly PoolNeed[]> {
  const id = known ?? (await imageId(pool, name));
  const header = id === undefined ? undefined : await headerOf(pool, id);
  if (header === undefined) return [];
  const search = new PoolSearch(client, name);
  await search.dataOf(header, namespace, 'write', 'its data were');
  const waiting = [...header.ancestors];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    waiting.push(...(await search.ancestor(next)));
  }
  return search.needs;
}

class PoolSearch {
  readonly needs: PoolNeed[] = [];
  readonly #client: Client;
  readonly #name: string;
  #ancestors = 0;

  constructor(client: Client, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async dataOf(
    { dataPoolId }: Header,
    namespace: string,
    access: PoolNeed['access'],
    whose: string,
  ): Promise<void> {
    if (dataPoolId === undefined) return;
    const pool = await this.#open({ pool: dataPoolId, namespace, access }, whose);
    pool.close();
  }

  /** Returns what that image itself is read through. */
  async ancestor({ id, poolId, namespace }: ImageReference): Promise<readonly ImageReference[]> {
    this.#ancestors += 1;
    if (this.#ancestors > ANCESTORS_MAX) {
      throw this.#broken(`more than ${ANCESTORS_MAX} images would be opened for it`);
    }
    const need = { pool: poolId, namespace, access: 'read' } as const;
    const pool = await this.#open(need, `the image ${id}, through which it is read, was`);
    try {
      const header = await headerOf(pool, id);
      if (header === undefined) return [];
      await this.dataOf(header, namespace, 'read', `the data of its parent ${id} were`);
      return header.ancestors;
    } finally {
      pool.close();
    }
  }

  /** Throws when the newest map of the cluster has no such pool. */
  async #open(need: PoolNeed & { readonly pool: number }, whose: string): Promise<RadosPool> {
    const { pool, namespace } = need;
    this.needs.push(need);
    try {
      return await this.#client.openPool(pool, { namespace });
    } catch (error) {
      if (errnoOf(error) !== ENOENT) throw error;
      throw this.#broken(`${whose} in pool number ${pool}, which the cluster no longer has`);
    }
  }

  #broken(why: string): Failure {
    const name = this.#name;
    return new Failure('volumeBroken', `the image ${name} cannot be opened: ${why}`, { name });
  }
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

/** References to other pools in the header of an image. */
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
