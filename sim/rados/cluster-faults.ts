import {
  type Broken,
  broken,
  LENGTH_MAX_MS,
  SLOW_SERVICE_MAX_MS,
  type StoreFaultParts,
} from '../faults/broken.ts';
import type { ClusterLink } from './sim-client.ts';
import type { SimCluster } from './sim-cluster.ts';

/** The monitors agree again before a fence may time out. */
const MONITOR_LENGTH_MAX_MS = 4_000;

/** The faults of a cluster, and of the network between a gateway and it. */
export function clusterFaults(parts: StoreFaultParts, cluster: SimCluster) {
  const { random } = parts;
  const { osds, monitor } = cluster;
  const cut = (link: ClusterLink) => cutCluster(parts, cluster, link);
  return {
    cutCluster: () => cut({ isOsdCut: true, isMonCut: true }),
    cutMonitors: () => cut({ isOsdCut: false, isMonCut: true }),
    slowOsd: () => {
      const at = random.below(osds.length);
      const osd = osds[at]!;
      osd.slow(1 + random.below(SLOW_SERVICE_MAX_MS));
      return broken(`osd ${at}`, random.below(LENGTH_MAX_MS), () => osd.slow(undefined));
    },
    stopOsd: () => {
      const at = random.below(osds.length);
      const osd = osds[at]!;
      osd.stop();
      return broken(`osd ${at}`, random.below(LENGTH_MAX_MS), () => osd.resume());
    },
    /** The network between an OSD and the monitors. */
    deafOsd: () => {
      const at = random.below(osds.length);
      const osd = osds[at]!;
      osd.setUnresponsive(true);
      return broken(`osd ${at}`, random.below(LENGTH_MAX_MS), () => osd.setUnresponsive(false));
    },
    stopMonitors: () => {
      monitor.stop();
      return broken('monitors', random.below(MONITOR_LENGTH_MAX_MS), () => monitor.resume());
    },
  };
}

function cutCluster(
  { random, places }: StoreFaultParts,
  cluster: SimCluster,
  link: ClusterLink,
): readonly Broken[] {
  const { process, name } = random.pick(places);
  if (process === undefined) return [];
  cluster.setLink(process, link);
  const repair = () => cluster.setLink(process, { isOsdCut: false, isMonCut: false });
  return broken(name, random.below(LENGTH_MAX_MS), repair);
}
