import { type Clock, within } from '../../base/clock.ts';
import { portalText } from '../../base/portal-text.ts';
import type { Random } from '../../base/random.ts';
import { volumeNameOf } from '../../config/disk-identity.ts';
import type { ClusterDocument } from '../../config/document.ts';
import { MembershipStore } from '../../membership/membership-store.ts';
import type { Records } from '../../records/records.ts';
import type { PlaceSpace, VolumeStore } from '../../volume/volume.ts';
import { askGateways } from '../ask-gateways.ts';
import type { GatewayStatus } from '../channels.ts';
import type { UnservedBy } from '../document/await-switch.ts';
import { readDocument } from '../document/document-record.ts';
import {
  type ListedSilentGateway,
  type MembershipStatus,
  membershipStatus,
  silentGateway,
} from './membership-status.ts';
import { type StatusProblem, statusProblems } from './status-problems.ts';

/** How long the store may take to tell of its volumes, and of what holds them. */
const VOLUMES_WAIT_MAX_MS = 2_000;

export interface ClusterStatus {
  /** Of the document; 0 without one. */
  readonly version: number;
  readonly gateways: readonly GatewayStatus[];
  /** Gateways of the document that do not answer. */
  readonly silent: readonly string[];
  readonly silentStates: readonly ListedSilentGateway[];
  /** Of those, who runs all the same: stopped, or too busy to answer. */
  readonly stuck: readonly string[];
  readonly unserved: readonly UnservedBy[];
  /** Disks whose volume is not called what the document says. */
  readonly renamed: readonly RenamedVolume[];
  readonly members: MembershipStatus;
  /** All that is wrong. */
  readonly problems: readonly StatusProblem[];
}

/** The id of a volume decides which it is, so that the disk is served all the same. */
export interface RenamedVolume {
  readonly disk: string;
  /** As the document has it. */
  readonly volume: string;
  readonly id: string;
  /** As it is called now; absent: it has no name, for it was deleted or is in the trash. */
  readonly name?: string;
}

export interface StatusContext {
  readonly clock: Clock;
  readonly random: Random;
}

/** Asks the gateways, the members object and the store how they are. */
export async function clusterStatus(
  { records, volumes }: { records: Records; volumes: VolumeStore },
  { clock, random }: StatusContext,
): Promise<ClusterStatus> {
  const current = await readDocument(records);
  const { gateways, missing } = await askGateways(records);
  const running = new Set(gateways.map(({ name }) => name));
  const wanted = current?.document.gateways ?? [];
  const silent = wanted.filter(({ name }) => !running.has(name));
  const stuck = missing.map(({ name }) => name).filter((name) => !running.has(name));
  const members = membershipStatus(await new MembershipStore({ records, clock, random }).read());
  const unserved = gateways.flatMap(({ name: gateway, unserved: disks }) => {
    return disks === undefined || disks.count === 0 ? [] : [{ gateway, ...disks }];
  });
  const [renamed, places] = await Promise.all([
    renamedVolumes(volumes, current?.document, clock),
    filledPlaces(volumes, current?.document, clock),
  ]);
  const found = {
    version: current?.version ?? 0,
    gateways,
    silent: silent.map(({ name }) => name),
    silentStates: silent.map(({ name, portals }) => ({
      ...silentGateway(members, name, stuck.includes(name)),
      portals: portals.map(portalText),
    })),
    ...{ stuck, unserved, renamed, members },
  };
  const problems = statusProblems({
    ...found,
    wanted: wanted.map(({ name }) => name),
    places,
    softThresholdPercent: current?.document.settings.softThresholdPercent ?? 100,
  });
  return { ...found, problems };
}

/** Empty where that is not known in time. */
async function filledPlaces(
  volumes: Pick<VolumeStore, 'places'>,
  document: ClusterDocument | undefined,
  clock: Clock,
): Promise<readonly PlaceSpace[]> {
  if (document === undefined || volumes.places === undefined) return [];
  const pools = document.disks.flatMap(({ dataPool }) => dataPool ?? []);
  const asking = volumes.places(pools).catch(() => undefined);
  return (await within(clock, VOLUMES_WAIT_MAX_MS, asking)) ?? [];
}

async function renamedVolumes(
  volumes: Pick<VolumeStore, 'names'>,
  document: ClusterDocument | undefined,
  clock: Clock,
): Promise<readonly RenamedVolume[]> {
  const disks = (document?.disks ?? []).filter(({ volume }) => volume?.id !== undefined);
  if (disks.length === 0 || volumes.names === undefined) return [];
  const asking = volumes.names().catch(() => undefined);
  const names = await within(clock, VOLUMES_WAIT_MAX_MS, asking);
  if (names === undefined) return [];
  return disks.flatMap((disk): RenamedVolume[] => {
    const [id, volume] = [disk.volume?.id, volumeNameOf(disk)];
    if (id === undefined) return [];
    const name = names.get(id);
    if (name === volume) return [];
    return [{ disk: disk.name, volume, id, ...(name === undefined ? {} : { name }) }];
  });
}
