import { ThrowawayCeph } from '../../lab/ceph/throwaway-ceph.ts';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { channelObjectsOf } from '../../src/records/rados/object-names.ts';
import { CephGateways } from '../support/ceph-gateways.ts';
import { holdingsOf, type ProcessHoldings } from '../support/process-holdings.ts';

export const DAY_TARGET = 'iqn.2026-11.com.example:day';
export const DISK_BYTES = 32 * 2 ** 20;
const POOL = 'allpath';
const GATEWAYS = 2;
const OSDS = 3;

/** Two gateways with many images on a cluster of three OSDs, and what they hold of it. */
export class DayWorld {
  readonly ceph: ThrowawayCeph;
  readonly cluster: CephGateways;
  readonly disks: readonly string[];

  private constructor(ceph: ThrowawayCeph, cluster: CephGateways, disks: readonly string[]) {
    this.ceph = ceph;
    this.cluster = cluster;
    this.disks = disks;
  }

  static async start(images: number): Promise<DayWorld> {
    const ceph = await ThrowawayCeph.start({ osds: OSDS });
    try {
      await createPool(ceph, POOL);
      const disks = Array.from({ length: images }, (_, i) => `d${i}`);
      const cluster = await CephGateways.start({
        place: { conf: ceph.conf, pool: POOL, namespace: '', user: 'admin' },
        gateways: GATEWAYS,
        parts: {
          settings: { drainSeconds: 1 },
          disks: disks.map((name) => ({ name, size: DISK_BYTES })),
          targets: [{ iqn: DAY_TARGET, luns: { ...disks }, access: 'any' }],
        },
      });
      return new DayWorld(ceph, cluster, disks);
    } catch (error) {
      await ceph.stop();
      throw error;
    }
  }

  holdings(gateway: number): ProcessHoldings {
    return holdingsOf(this.cluster.gateways[gateway]!.pid);
  }

  /** Watches of all clients on the images' headers and on the channels of the records. */
  async watches(): Promise<{ readonly headers: number; readonly channels: number }> {
    const headers = await Promise.all(this.disks.map((disk) => this.#headerOf(disk)));
    return {
      headers: await this.#watchers(headers),
      channels: await this.#watchers(channelObjectsOf('')),
    };
  }

  async blocklisted(): Promise<number> {
    const { blocklist } = (await this.ceph.askJson({ prefix: 'osd dump' })) as {
      readonly blocklist: Readonly<Record<string, string>>;
    };
    return Object.keys(blocklist).length;
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    await this.ceph.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #headerOf(disk: string): Promise<string> {
    const info = await this.ceph.rbd('info', `${POOL}/${disk}`, '--format', 'json');
    return `rbd_header.${(JSON.parse(info) as { readonly id: string }).id}`;
  }

  async #watchers(objects: readonly string[]): Promise<number> {
    let watchers = 0;
    for (const object of objects) {
      const listed = await this.ceph.rados('-p', POOL, 'listwatchers', object);
      watchers += listed.split('\n').filter((line) => line.startsWith('watcher=')).length;
    }
    return watchers;
  }
}
