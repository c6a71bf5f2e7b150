import type { FencingDriver } from '../../src/membership/fencing-driver.ts';

/** Witnesses of a gateway of a memory cluster. */
const WITNESSES = 3;

/** The part of a memory cluster that client instances share: a map with a blocklist. */
export class MemoryCluster {
  #mapEpoch = 1;
  /** The map epoch from which on an address is on the blocklist. */
  readonly #blocklist = new Map<string, number>();

  get mapEpoch(): number {
    return this.#mapEpoch;
  }

  get blocklisted(): readonly string[] {
    return [...this.#blocklist.keys()];
  }

  blocklist(address: string): void {
    if (this.#blocklist.has(address)) return;
    this.#mapEpoch += 1;
    this.#blocklist.set(address, this.#mapEpoch);
  }

  /** Whether a storage daemon with this map accepts an operation of that address. */
  takes(address: string, mapEpoch: number): boolean {
    return mapEpoch < (this.#blocklist.get(address) ?? Number.POSITIVE_INFINITY);
  }
}

/**
 * One gateway of a memory cluster. As in Ceph, each of its instances has a map of its own, which
 * is as old as the last barrier that it passed.
 */
export class MemoryFencing implements FencingDriver {
  readonly #cluster: MemoryCluster;
  /** The map epoch of each instance, by address; that of the records is opened first. */
  readonly instances = new Map<string, number>();
  isHolding = false;
  readonly #onBlocklist: (address: string) => void;

  /** `onBlocklist` is called with each address that this gateway blocklists. */
  constructor(cluster: MemoryCluster, onBlocklist: (address: string) => void = () => {}) {
    this.#cluster = cluster;
    this.#onBlocklist = onBlocklist;
  }

  /** A new instance may start with an older map, from a monitor that lags. */
  openInstance(address: string, mapEpoch = this.#cluster.mapEpoch): void {
    this.instances.set(address, mapEpoch);
  }

  async confirmMonitor(): Promise<void> {}

  async blocklist(address: string): Promise<void> {
    this.#cluster.blocklist(address);
    this.#onBlocklist(address);
  }

  async isBlocklisted(): Promise<boolean> {
    const [recordsAddress] = this.instances.keys();
    return this.#cluster.blocklisted.some((address) => address === recordsAddress);
  }

  async passBarrier(): Promise<void> {
    for (const address of this.instances.keys()) {
      this.instances.set(address, this.#cluster.mapEpoch);
    }
  }

  hold(): void {
    this.isHolding = true;
  }

  release(): void {
    this.isHolding = false;
  }

  witnessAgesMs(): readonly number[] {
    return Array<number>(WITNESSES).fill(0);
  }
}
