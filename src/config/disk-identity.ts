import { assert } from '../base/assert.ts';
import type { Random } from '../base/random.ts';
import type { ClusterDocument, Disk, DiskDraft, DocumentDraft } from './document.ts';
import { generateNaa, generateSerial, generateUuid } from './generate.ts';

/*
 * A disk is its uuid; its name is a label. Its data is in a volume whose name never changes: the
 * first name of the disk, recorded in the document once the two differ.
 */

/** The identity of a disk for initiators, and its uuid. */
export interface DiskIdentity {
  readonly uuid: string;
  readonly wwn: string;
  readonly serial: string;
}

/** A volume that the store has. */
export interface FoundVolume {
  readonly name: string;
  readonly sizeBytes: number;
  /** Absent where volumes are known by their names alone. */
  readonly id?: string;
  /** The disk whose data it holds; absent where the volume does not say. */
  readonly disk?: DiskIdentity;
}

interface VolumeName {
  readonly name: string;
  readonly id: string | undefined;
}

/** The name of the volume that holds the data of a disk. */
export function volumeNameOf({ name, volume }: Pick<DiskDraft, 'name' | 'volume'>): string {
  return volume?.name ?? name;
}

export function identityOf({ uuid, wwn, serial }: DiskIdentity): DiskIdentity {
  return { uuid, wwn, serial };
}

export function newIdentity(random: Random, oui: string | undefined): DiskIdentity {
  return {
    uuid: generateUuid(random),
    wwn: generateNaa(random, oui),
    serial: generateSerial(random),
  };
}

/**
 * The disks of a draft with the missing values: those of the disk that the cluster has under the
 * uuid or else the name; else those that an existing volume records; else generated ones.
 */
export function completeDisks(
  draft: DocumentDraft,
  current: ClusterDocument | undefined,
  random: Random,
  found: readonly FoundVolume[] = [],
): Disk[] {
  const before = current?.disks ?? [];
  const byUuid = new Map(before.map((disk) => [disk.uuid, disk]));
  const byName = new Map(before.map((disk) => [disk.name, disk]));
  const named = new Set(draft.disks.flatMap(({ uuid }) => uuid ?? []));
  return draft.disks.map((disk): Disk => {
    const known = knownDisk(disk, byUuid, byName, named);
    const left = known === undefined ? leftVolume(disk, found) : undefined;
    // The identity in a copy of a volume is that of another disk.
    const isFree = left?.disk !== undefined && ![byUuid, named].some((s) => s.has(left.disk!.uuid));
    const isMeant = disk.uuid === undefined ? isFree : disk.uuid === left?.disk?.uuid;
    const source = known ?? (isMeant ? left?.disk : undefined);
    const identity = {
      uuid: disk.uuid ?? source?.uuid ?? generateUuid(random),
      wwn: disk.wwn ?? source?.wwn ?? generateNaa(random, draft.settings.oui),
      serial: disk.serial ?? source?.serial ?? generateSerial(random),
    };
    assert(known === undefined || left === undefined, 'a disk that is known has its volume');
    assert(disk.uuid === undefined || identity.uuid === disk.uuid, 'the draft names its disks');
    const name = disk.volume?.name ?? (known && volumeNameOf(known)) ?? left?.name ?? disk.name;
    const id = disk.volume?.id ?? known?.volume?.id ?? left?.id;
    const mark = known?.deleting === true ? { deleting: true as const } : {};
    return withVolume({ ...disk, ...identity, ...mark }, { name, id });
  });
}

/** The volume that was made for a disk which is new to the document, if there is one. */
function leftVolume(disk: DiskDraft, found: readonly FoundVolume[]): FoundVolume | undefined {
  const { uuid, volume } = disk;
  if (volume?.id !== undefined) return found.find(({ id }) => id === volume.id);
  const own = uuid === undefined ? undefined : found.find((each) => each.disk?.uuid === uuid);
  return own ?? found.find(({ name }) => name === volumeNameOf(disk));
}

/** The disk as it says where its data lie; what its name says already is left out. */
export function withVolume(disk: Disk, { name, id }: VolumeName): Disk {
  const { volume: _, ...rest } = disk;
  const volume = {
    ...(name === disk.name ? {} : { name }),
    ...(id === undefined ? {} : { id }),
  };
  return Object.keys(volume).length === 0 ? rest : { ...rest, volume };
}

/** The draft of a document that comes from another store, whose volumes have other ids. */
export function withoutVolumeIds(draft: DocumentDraft): DocumentDraft {
  const disks = draft.disks.map(({ volume: { name } = {}, ...disk }): DiskDraft => {
    return name === undefined ? disk : { ...disk, volume: { name } };
  });
  return { ...draft, disks };
}

function knownDisk(
  { uuid, name }: DiskDraft,
  byUuid: ReadonlyMap<string, Disk>,
  byName: ReadonlyMap<string, Disk>,
  named: ReadonlySet<string>,
): Disk | undefined {
  if (uuid !== undefined) return byUuid.get(uuid);
  const known = byName.get(name);
  // Another entry is that disk, under its new name.
  return known === undefined || named.has(known.uuid) ? undefined : known;
}
