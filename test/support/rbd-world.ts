// Stores of volumes on one Ceph cluster, each with its own client instances like a gateway, and a
// stand-in for the members: a separate client fences an instance, and then every store passes the
// barrier.

import { Failure } from '../../src/base/failure.ts';
import { RadosClient } from '../../src/ceph/rados-client.ts';
import { systemClock } from '../../src/host/system-clock.ts';
import { silentLog } from '../../src/log/log.ts';
import type { InstanceGuard } from '../../src/volume/rbd/instance-pool.ts';
import {
  RbdVolumeStore,
  type RbdVolumeStoreOptions,
} from '../../src/volume/rbd/rbd-volume-store.ts';

const DAY_S = 86_400;

export type RbdStoreOptions = Partial<RbdVolumeStoreOptions> & { readonly pool: string };

export class RbdWorld {
  readonly #conf: string;
  readonly #user: string;
  readonly #stores: RbdVolumeStore[] = [];
  #fencer: Promise<RadosClient> | undefined;
  /** Addresses that are registered now. */
  readonly registered = new Set<string>();

  constructor(conf: string, user = 'admin') {
    this.#conf = conf;
    this.#user = user;
  }

  /** A client of its own, which the caller closes. */
  connect(settings: Readonly<Record<string, string>> = {}): Promise<RadosClient> {
    return RadosClient.connect({ conf: this.#conf, user: this.#user, settings });
  }

  open(options: RbdStoreOptions): RbdVolumeStore {
    const store = new RbdVolumeStore({
      connect: () => this.connect(),
      guard: this.guard,
      instances: 1,
      clock: systemClock,
      log: silentLog,
      ...options,
    });
    this.#stores.push(store);
    return store;
  }

  readonly guard: InstanceGuard = {
    register: async (addresses) => {
      this.registered.add(addresses);
    },
    fenceInstance: async (addresses) => {
      await this.blocklist(addresses);
      await Promise.all(this.#stores.map((store) => store.instances.passBarrier()));
      this.registered.delete(addresses);
    },
    unregister: async (addresses) => {
      this.registered.delete(addresses);
    },
  };

  /** Fences like another gateway, without notice to these stores. */
  async blocklist(addresses: string): Promise<void> {
    this.#fencer ??= this.connect();
    const errno = await (await this.#fencer).blocklist(addresses, DAY_S);
    if (errno < 0) throw new Failure('testBlocklist', `no blocklist: ${errno}`);
  }

  /** Closes every store, and deletes the images of those given. */
  async dispose(...emptied: readonly RbdStoreOptions[]): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()));
    this.#stores.length = 0;
    for (const options of emptied) {
      const store = this.open(options);
      for (const { name } of await store.list()) await store.delete(name);
    }
    await Promise.all(this.#stores.map((store) => store.close()));
    this.#stores.length = 0;
    await (await this.#fencer)?.close();
    this.#fencer = undefined;
  }
}
