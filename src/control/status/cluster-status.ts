import { type Clock, within } from '../../base/clock.ts';
import { portalText } from '../../base/portal-text.ts';
import { volumeNameOf } from '../../config/disk-identity.ts';
import type { ClusterDocument } from '../../config/document.ts';
import type { PlaceSpace, VolumeStore } from '../../volume/volume.ts';
import { askGateways } from '../ask-gateways.ts';
import type { ControlContext } from '../control-context.ts';
import { readDocument } from '../document/document-record.ts';
import { membershipStatus, silentGateway } from './membership-status.ts';
import type { RenamedVolume, StatusFindings } from './status-findings.ts';
import { type StatusAdvice, type StatusProblem, statusProblems } from './status-problems.ts';
import { readMarkedUnits, unitsStatus } from './unit-status.ts';

/** The store has this long to list the names of its volumes and the space that it has. */
const VOLUMES_WAIT_MAX_MS = 2_000;

type StatusContext = Pick<ControlContext, 'records' | 'volumes' | 'membership' | 'clock'>;

export interface ClusterStatus extends StatusFindings {
  /** All that is wrong. */
  readonly problems: readonly StatusProblem[];
}

/** Asks the gateways, the membership and the store how they are. */
export async function clusterStatus(
  { records, volumes, membership, clock }: StatusContext,
  advice: StatusAdvice,
): Promise<ClusterStatus> {
  const current = await readDocument(records);
  const marked = await readMarkedUnits({ records, clock }, await membership.read());
  const { gateways, missing } = await askGateways(records);
  const running = new Set(gateways.map(({ name }) => name));
  const wanted = current?.document.gateways ?? [];
  const silent = wanted.filter(({ name }) => !running.has(name));
  const stuck = missing.map(({ name }) => name).filter((name) => !running.has(name));
  const view = await membership.read();
  const members = membershipStatus(view);
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
    units: unitsStatus({ units: marked, document: current?.document, gateways, view }),
  };
  const facts = {
    ...found,
    wanted: wanted.map(({ name }) => name),
    places,
    softThresholdPercent: current?.document.settings.softThresholdPercent ?? 100,
  };
  const problems = statusProblems(facts, advice);
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
