import { CephCalls } from '../../src/ceph/ceph-calls.ts';
import { openCephStore } from '../../src/gateway/ceph-store.ts';
import type { Store } from '../../src/gateway/store.ts';
import { FenceChecker, MEMBERS_OBJECT } from '../checkers/fence-checker.ts';
import type { StoreFaultParts } from '../faults/broken.ts';
import type { SimProcess } from '../time/sim-process.ts';
import type { OpenSimStoreOptions, WorldStore, WorldStoreParts } from '../world-store.ts';
import { clusterFaults } from './cluster-faults.ts';
import { SimAddon } from './sim-addon.ts';
import { SimCluster } from './sim-cluster.ts';
import { SimImages } from './sim-images.ts';

const CEPH = { conf: 'ceph.conf', user: 'allpath', pool: 'rbd', namespace: '' };
const OSDS = 3;

/** A pool of a simulated Ceph cluster, used by the real code above the addon. */
export class ClusterStore implements WorldStore {
  readonly cluster: SimCluster;
  readonly fences: FenceChecker;
  readonly #images: SimImages;
  /** Each process has one, for everything that it opens. */
  readonly #calls = new Map<SimProcess, CephCalls>();

  constructor({ timeline, random, trace, onMembers }: WorldStoreParts) {
    const cluster = new SimCluster(timeline, random, OSDS);
    this.cluster = cluster;
    this.#images = new SimImages(cluster);
    this.fences = new FenceChecker(cluster, onMembers);
    cluster.onDone = (operation) => {
      this.fences.done(operation);
      if (operation.changes) trace.add(operation.client.address, operation.object);
    };
  }

  async open(process: SimProcess, options: OpenSimStoreOptions): Promise<Store> {
    let calls = this.#calls.get(process);
    if (calls === undefined) {
      calls = new CephCalls(new SimAddon(this.cluster, this.#images, process).native);
      this.#calls.set(process, calls);
    }
    return await openCephStore(CEPH, options, calls);
  }

  faults(parts: StoreFaultParts) {
    return clusterFaults(parts, this.cluster);
  }

  get canFence(): boolean {
    const { monitor, osds, osdOf } = this.cluster;
    return !monitor.isStopped && !osds[osdOf(MEMBERS_OBJECT)]!.isTroubled;
  }

  get mayDelay(): boolean {
    return this.cluster.osds.some(({ isTroubled }) => isTroubled);
  }

  isReached(process: SimProcess): boolean {
    return this.cluster.isLinked(process);
  }
}
