import { cephFailure } from '../../ceph/ceph-failure.ts';
import type { RadosClient } from '../../ceph/rados-client.ts';
import type { FencingDriver } from '../fencing-driver.ts';

/** An entry that expires undoes the fence: a writer that was stopped for longer would go on. */
const BLOCKLIST_SECONDS = 365 * 24 * 3600;

const LIST_BLOCKLIST = { prefix: 'osd blocklist ls', format: 'json' };

interface CephFencingParts {
  /** The client instance of the records. */
  readonly client: RadosClient;
  readonly records: ClusterWitnesses;
  /** The client instances of the volumes. */
  readonly instances: VolumeInstances;
}

/** The records, as far as they show that the cluster answers. */
interface ClusterWitnesses {
  watchCluster(): void;
  witnessAgesMs(): readonly number[];
}

/** The client instances of the volumes, as far as a fence needs them. */
interface VolumeInstances {
  passBarrier(): Promise<void>;
  hold(): void;
  release(): void;
}

/** Fencing by the blocklist of a Ceph cluster, whose maps a gateway's client instances have. */
export class CephFencing implements FencingDriver {
  readonly #parts: CephFencingParts;
  #watchesCluster = false;

  constructor(parts: CephFencingParts) {
    this.#parts = parts;
  }

  /** The newest map's epoch is asked of a monitor, which costs it nothing. */
  async confirmMonitor(): Promise<void> {
    await this.#latestMap('a round trip to the monitors');
  }

  async blocklist(address: string): Promise<void> {
    const errno = await this.#parts.client.blocklist(address, BLOCKLIST_SECONDS);
    if (errno < 0) throw cephFailure('rados_blocklist_add', errno, `the client ${address}`);
  }

  /** Uses the client of the records: a fence of a gateway blocklists all of its clients. */
  async isBlocklisted(): Promise<boolean> {
    const { client } = this.#parts;
    const { errno, output } = await client.monCommand(LIST_BLOCKLIST);
    if (errno < 0) throw cephFailure('osd blocklist ls', errno, 'the blocklist');
    // Ceph 16 appends a list of ranges behind this list, so the whole is not valid JSON.
    return output.includes(JSON.stringify(client.addresses));
  }

  async passBarrier(): Promise<void> {
    await Promise.all([this.#latestMap('a barrier'), this.#parts.instances.passBarrier()]);
  }

  hold(): void {
    this.#parts.instances.hold();
  }

  release(): void {
    this.#parts.instances.release();
  }

  /**
   * The witnesses are watched from the first call on: a tool, which is not a member, needs none.
   */
  witnessAgesMs(): readonly number[] {
    const { records } = this.#parts;
    if (!this.#watchesCluster) records.watchCluster();
    this.#watchesCluster = true;
    return records.witnessAgesMs();
  }

  async #latestMap(what: string): Promise<void> {
    const errno = await this.#parts.client.waitForLatestOsdmap();
    if (errno < 0) throw cephFailure('rados_wait_for_latest_osdmap', errno, what);
  }
}
