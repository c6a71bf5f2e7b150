import type { FaultParts } from './faults.ts';
import type { GatewayPlace } from './gateway-place.ts';

const LENGTH_MAX_MS = 12_000;
/** The monitors agree again after less than a fence may take. */
const MONITOR_LENGTH_MAX_MS = 4_000;
const SLOW_SERVICE_MAX_MS = 2_500;

/** Something that is broken now. */
interface Broken {
  readonly what: string;
  readonly lengthMs: number;
  readonly repair: () => void;
}

/** What goes wrong in the world: all that gateways must survive, in any combination. */
export const faultTable = {
  /** SIGSTOP, or a virtual machine that is not scheduled. */
  pause: (parts: FaultParts) => pause(parts, [parts.random.pick(parts.places)]),
  /** The host of all of them was suspended: the lengths differ, and nobody was there to see. */
  pauseAll: (parts: FaultParts) => pause(parts, parts.places),
  /** A supervisor starts the gateway again. */
  kill: ({ random, places }: FaultParts) => {
    const place = random.pick(places);
    place.kill();
    return broken(place.name, 0, () => {});
  },
  cutInitiator: ({ random, places, hosts, network }: FaultParts) => {
    const [place, host] = [random.pick(places), random.pick(hosts)];
    network.setCut(host, place.address, true);
    const repair = () => network.setCut(host, place.address, false);
    return broken(`${host} ${place.name}`, random.below(LENGTH_MAX_MS), repair);
  },
  cutCluster: (parts: FaultParts) => cutCluster(parts, { isOsdCut: true, isMonCut: true }),
  cutMonitors: (parts: FaultParts) => cutCluster(parts, { isOsdCut: false, isMonCut: true }),
  slowOsd: ({ random, cluster }: FaultParts) => {
    const at = random.below(cluster.osds.length);
    const osd = cluster.osds[at]!;
    osd.slow(1 + random.below(SLOW_SERVICE_MAX_MS));
    return broken(`osd ${at}`, random.below(LENGTH_MAX_MS), () => osd.slow(undefined));
  },
  stopOsd: ({ random, cluster }: FaultParts) => {
    const at = random.below(cluster.osds.length);
    const osd = cluster.osds[at]!;
    osd.stop();
    return broken(`osd ${at}`, random.below(LENGTH_MAX_MS), () => osd.resume());
  },
  /** The network between an OSD and the monitors. */
  deafOsd: ({ random, cluster }: FaultParts) => {
    const at = random.below(cluster.osds.length);
    const osd = cluster.osds[at]!;
    osd.setUnresponsive(true);
    return broken(`osd ${at}`, random.below(LENGTH_MAX_MS), () => osd.setUnresponsive(false));
  },
  stopMonitors: ({ random, cluster: { monitor } }: FaultParts) => {
    monitor.stop();
    return broken('monitors', random.below(MONITOR_LENGTH_MAX_MS), () => monitor.resume());
  },
};

export type FaultKind = keyof typeof faultTable;

export const faultKinds = Object.keys(faultTable) as readonly FaultKind[];

function broken(what: string, lengthMs: number, repair: () => void): readonly Broken[] {
  return [{ what, lengthMs, repair }];
}

function pause({ random }: FaultParts, places: readonly GatewayPlace[]): readonly Broken[] {
  const lengthMs = random.below(LENGTH_MAX_MS);
  return places.flatMap(({ process }) => {
    if (process?.isRunning !== true) return [];
    process.pause();
    const ownMs = lengthMs * (0.5 + random.below(512) / 1024);
    return broken(process.name, ownMs, () => process.resume());
  });
}

function cutCluster(
  { random, places, cluster }: FaultParts,
  link: { readonly isOsdCut: boolean; readonly isMonCut: boolean },
): readonly Broken[] {
  const { process, name } = random.pick(places);
  if (process === undefined) return [];
  cluster.setLink(process, link);
  const repair = () => cluster.setLink(process, { isOsdCut: false, isMonCut: false });
  return broken(name, random.below(LENGTH_MAX_MS), repair);
}
