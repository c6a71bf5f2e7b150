import { type Clock, within } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { volumeNameOf } from '../config/disk-identity.ts';
import type { ClusterDocument } from '../config/document.ts';
import { MembersObject } from '../members/members-object.ts';
import type { VolumeStore } from '../volume/volume.ts';
import { askGateways } from './ask-gateways.ts';
import type { UnservedBy } from './await-switch.ts';
import type { GatewayStatus } from './channels.ts';
import { readDocument } from './document-record.ts';
import {
  type MembersStatus,
  membersStatus,
  type SilentGateway,
  silentGateway,
} from './members-status.ts';
import type { Store } from './store.ts';

/** How long the store may take to tell how its volumes are called. */
const NAMES_WAIT_MAX_MS = 2_000;

export interface ClusterStatus {
  /** Of the document; 0 without one. */
  readonly version: number;
  readonly gateways: readonly GatewayStatus[];
  /** Gateways of the document that do not answer. */
  readonly silent: readonly string[];
  readonly silentStates: readonly SilentGateway[];
  /** Of those, who runs all the same: stopped, or too busy to answer. */
  readonly stuck: readonly string[];
  readonly unserved: readonly UnservedBy[];
  /** Disks whose volume is not called what the document says. */
  readonly renamed: readonly RenamedVolume[];
  readonly members: MembersStatus;
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
  { records, volumes }: Pick<Store, 'records' | 'volumes'>,
  { clock, random }: StatusContext,
): Promise<ClusterStatus> {
  const current = await readDocument(records);
  const { gateways, missing } = await askGateways(records);
  const running = new Set(gateways.map(({ name }) => name));
  const silent = (current?.document.gateways ?? [])
    .map(({ name }) => name)
    .filter((name) => !running.has(name));
  const stuck = missing.map(({ name }) => name).filter((name) => !running.has(name));
  const members = membersStatus(await new MembersObject({ records, clock, random }).read());
  const silentStates = silent.map((name) => silentGateway(members, name, stuck.includes(name)));
  const unserved = gateways.flatMap(({ name: gateway, unserved: disks }) => {
    return disks === undefined || disks.count === 0 ? [] : [{ gateway, ...disks }];
  });
  const renamed = await renamedVolumes(volumes, current?.document, clock);
  const version = current?.version ?? 0;
  return { version, gateways, silent, silentStates, stuck, unserved, renamed, members };
}

async function renamedVolumes(
  volumes: Pick<VolumeStore, 'names'>,
  document: ClusterDocument | undefined,
  clock: Clock,
): Promise<readonly RenamedVolume[]> {
  const disks = (document?.disks ?? []).filter(({ volume }) => volume?.id !== undefined);
  if (disks.length === 0 || volumes.names === undefined) return [];
  const asking = volumes.names().catch(() => undefined);
  const names = await within(clock, NAMES_WAIT_MAX_MS, asking);
  if (names === undefined) return [];
  return disks.flatMap((disk): RenamedVolume[] => {
    const [id, volume] = [disk.volume?.id, volumeNameOf(disk)];
    if (id === undefined) return [];
    const name = names.get(id);
    if (name === volume) return [];
    return [{ disk: disk.name, volume, id, ...(name === undefined ? {} : { name }) }];
  });
}
