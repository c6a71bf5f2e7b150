import { type Clock, within } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { EACCES, EPERM } from '../../ceph/errno.ts';
import type { WriteStep } from '../../ceph/object-steps.ts';
import type { RadosClient } from '../../ceph/rados-client.ts';
import type { RadosPool } from '../../ceph/rados-pool.ts';

/** A pool that an image needs, and what it needs to do there. */
export interface PoolNeed {
  readonly pool: string | number;
  readonly namespace: string;
  readonly access: 'read' | 'write';
}

/**
 * Objects that are tried in a pool. An OSD checks the capabilities that a client had when it
 * connected to that OSD, so a try of one object proves nothing about the other OSDs.
 */
const TRIED_OBJECTS = 32;

/** How long a refusal of a new client stands before another one is connected to ask again. */
export const REFUSAL_MS = 4_000;

/**
 * An OSD that does not answer in this time counts as one that permits: it must not keep a disk from
 * being served whose data are elsewhere, and what it refuses later is seen then.
 */
export const TRY_MAX_MS = 500;

/** No object has such a name: nothing is read or changed, whatever the user may do. */
const PROBE_PREFIX = 'allpath.probe.';

/** Needs reading and writing, and methods of librbd's class that do both (a clone's copy-up). */
const writeSteps: readonly WriteStep[] = [
  { step: 'assertExists' },
  { step: 'exec', objectClass: 'rbd', method: 'copyup', input: new Uint8Array(0) },
  { step: 'setxattr', name: 'probe', value: new Uint8Array(0) },
];

export interface CapabilitiesParts {
  /** A new client, which is allowed what the monitors say now. */
  readonly connect: () => Promise<Pick<RadosClient, 'openPool' | 'close'>>;
  readonly clock: Clock;
}

/** The capabilities of a client; its user may have more by now. */
export class Capabilities {
  readonly #parts: CapabilitiesParts;
  /** By client, the pools that it may use, as tried. */
  readonly #permitted = new WeakMap<object, Set<string>>();
  /** By pool, when a new client was refused there. */
  readonly #refusedMs = new Map<string, number>();
  /** One new client at a time. */
  #trying: Promise<unknown> = Promise.resolve();

  constructor(parts: CapabilitiesParts) {
    this.#parts = parts;
  }

  /** The first of the pools in which this client lacks a needed capability. */
  async refusal(
    client: Pick<RadosClient, 'openPool'>,
    needs: readonly PoolNeed[],
  ): Promise<PoolNeed | undefined> {
    const known = this.#permitted.get(client) ?? new Set();
    this.#permitted.set(client, known);
    for (const need of needs) {
      if (known.has(keyOf(need))) continue;
      if (!(await isPermitted(client, need, this.#parts.clock))) return need;
      known.add(keyOf(need));
    }
    return undefined;
  }

  /** The first of the pools in which a client that connects now lacks a needed capability. */
  refusalNow(needs: readonly PoolNeed[]): Promise<PoolNeed | undefined> {
    const tried = this.#trying.then(() => this.#retry(needs));
    this.#trying = tried.catch(() => undefined);
    return tried;
  }

  async #retry(needs: readonly PoolNeed[]): Promise<PoolNeed | undefined> {
    const { connect, clock } = this.#parts;
    const isFresh = (need: PoolNeed) =>
      clock.now() - (this.#refusedMs.get(keyOf(need)) ?? -REFUSAL_MS) < REFUSAL_MS;
    const before = needs.find(isFresh);
    if (before !== undefined) return before;
    const client = await connect();
    try {
      const refused = await this.refusal(client, needs);
      if (refused !== undefined) this.#refusedMs.set(keyOf(refused), clock.now());
      return refused;
    } finally {
      void client.close();
    }
  }
}

/** The failure of a disk whose pool the user may not use. */
export function forbidden(image: string, pool: string, dataPool: string | undefined): Failure {
  const options = dataPool === undefined ? '' : ` --data-pools ${dataPool}`;
  return new Failure(
    'volumeForbidden',
    `the user of this gateway may not use the pool ${dataPool ?? pool} for the image ${image}: ` +
      `an administrator of the cluster grants it by what "allpath ceph caps --existing ` +
      `--pool ${pool}${options}" prints; name all data pools there`,
    { image, pool, ...(dataPool === undefined ? {} : { dataPool }) },
  );
}

async function isPermitted(
  client: Pick<RadosClient, 'openPool'>,
  { pool: name, namespace, access }: PoolNeed,
  clock: Clock,
): Promise<boolean> {
  const pool = await client.openPool(name, { namespace });
  try {
    const tries = Array.from({ length: TRIED_OBJECTS }, (_, i) =>
      errnoOfTry(pool, `${PROBE_PREFIX}${i}`, access),
    );
    const isRefused = new Promise<boolean>((resolve) => {
      for (const tried of tries) void tried.then((errno) => isRefusal(errno) && resolve(true));
      void Promise.all(tries).then(() => resolve(false));
    });
    return (await within(clock, TRY_MAX_MS, isRefused)) !== true;
  } finally {
    pool.close();
  }
}

function isRefusal(errno: number): boolean {
  return errno === EPERM || errno === EACCES;
}

async function errnoOfTry(
  pool: Pick<RadosPool, 'operate' | 'read'>,
  object: string,
  access: PoolNeed['access'],
): Promise<number> {
  if (access === 'read') return (await pool.read(object, [{ step: 'stat' }])).errno;
  return (await pool.operate(object, writeSteps)).errno;
}

function keyOf({ pool, namespace, access }: PoolNeed): string {
  return `${pool}/${namespace}/${access}`;
}
