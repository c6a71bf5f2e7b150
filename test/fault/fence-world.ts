import { fileURLToPath } from 'node:url';
import type { CephDaemon } from '../../lab/ceph/ceph-daemon.ts';
import { ThrowawayCeph } from '../../lab/ceph/throwaway-ceph.ts';
import { type CephGateway, CephGateways } from '../support/ceph-gateways.ts';
import { NetworkNamespace } from '../support/network-namespace.ts';
import { PlacedPool } from '../support/placed-pool.ts';

export const FENCE_TARGET = 'iqn.2026-11.com.example:fence';
const DISK = 'd';
const DISK_BYTES = 64 * 2 ** 20;
const WITHOUT_BARRIER = fileURLToPath(new URL('../support/without-barrier.ts', import.meta.url));
const POOL = 'allpath';
const DATA_POOL = 'data';
/** So many that a header is alone in one. */
const GROUPS = 32;
const DATA_GROUPS = 8;
const GATEWAYS = 3;

export interface FenceWorldOptions {
  /** Each gateway in a network namespace of its own, so that it can be cut off. */
  readonly inNamespaces: boolean;
  /** Gateways that skip the barrier: the rounds must find it. */
  readonly withoutBarrier?: boolean;
}

/**
 * Three gateways on a cluster of three OSDs, of which the last holds all of the one image, its
 * header too, and nothing else: it can be stopped while the gateways go on as members, and no OSD
 * that runs tells their clients of a new map.
 */
export class FenceWorld {
  readonly ceph: ThrowawayCeph;
  readonly cluster: CephGateways;
  readonly isInNamespaces: boolean;
  readonly #end: () => Promise<void>;

  private constructor(
    ceph: ThrowawayCeph,
    cluster: CephGateways,
    isInNamespaces: boolean,
    end: () => Promise<void>,
  ) {
    this.ceph = ceph;
    this.cluster = cluster;
    this.isInNamespaces = isInNamespaces;
    this.#end = end;
  }

  static async start(options: FenceWorldOptions): Promise<FenceWorld> {
    const release: (() => Promise<void>)[] = [];
    const end = async () => {
      for (const step of release.splice(0).reverse()) await step();
    };
    try {
      const namespaces: NetworkNamespace[] = [];
      for (let i = 0; options.inNamespaces && i < GATEWAYS; i++) {
        const namespace = await NetworkNamespace.create();
        release.push(() => namespace.dispose());
        namespaces.push(namespace);
      }
      const address = namespaces[0]?.hostAddress;
      const ceph = await ThrowawayCeph.start({
        osds: 3,
        ...(address === undefined ? {} : { address }),
      });
      release.push(() => ceph.stop());
      const pool = await PlacedPool.create(ceph, POOL, GROUPS, [0, 1]);
      await PlacedPool.create(ceph, DATA_POOL, DATA_GROUPS, [2]);
      const empty = { settings: { drainSeconds: 1 }, disks: [], targets: [] };
      const cluster = await CephGateways.prepare({
        place: { conf: ceph.conf, pool: POOL, namespace: '', user: 'admin' },
        gateways: GATEWAYS,
        parts: empty,
        namespaces,
        environment: options.withoutBarrier ? { NODE_OPTIONS: `--import=${WITHOUT_BARRIER}` } : {},
      });
      release.push(() => cluster.stop());
      // After the store's own objects are there.
      await pool.imageWithHeaderOn(2, { name: DISK, sizeBytes: DISK_BYTES, dataPool: DATA_POOL });
      await cluster.mustRun('disk', 'import', DISK);
      await cluster.mustApply({
        ...empty,
        disks: [{ name: DISK, size: DISK_BYTES }],
        targets: [{ iqn: FENCE_TARGET, luns: { 0: DISK }, access: 'any' }],
      });
      await cluster.startAll();
      return new FenceWorld(ceph, cluster, options.inNamespaces, end);
    } catch (error) {
      await end();
      throw error;
    }
  }

  get gateways(): readonly CephGateway[] {
    return this.cluster.gateways;
  }

  /** Holds the image, and nothing of the gateways'. */
  get osd(): CephDaemon {
    return this.ceph.osds[2]!;
  }

  get monPorts() {
    const { first } = this.ceph.ports;
    return { first, last: first };
  }

  async stop(): Promise<void> {
    if (this.osd.isRunning) this.osd.resume();
    await this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
