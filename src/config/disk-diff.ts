import { assert } from '../base/assert.ts';
import { differences } from './difference.ts';
import { type FoundVolume, volumeNameOf } from './disk-identity.ts';
import { mappedDisks } from './disk-names.ts';
import type { ClusterDocument, Disk } from './document.ts';
import { formatSize } from './size.ts';

/** The changes of disks by which `apply` gets from one document to the next. */
export interface DiskDiff {
  readonly createDisks: readonly Disk[];
  /** Disks that are new to the document, and whose volume is there. */
  readonly adoptDisks: readonly { readonly disk: Disk; readonly found: FoundVolume }[];
  readonly resizeDisks: readonly { readonly disk: Disk; readonly fromBytes: number }[];
  /** Disks that now say something else of how their volume lies in the store. */
  readonly layoutDisks: readonly Disk[];
  /** Disks that leave the document; their volumes stay until `disk delete`. */
  readonly releaseDisks: readonly Disk[];
  /** The refusals of `apply`, in words. */
  readonly refusals: readonly string[];
  /** Every change in words, for people. */
  readonly changes: readonly string[];
}

export interface DiskDiffOptions {
  /** Disks may become smaller, which loses data. */
  readonly mayShrink?: boolean;
  /** A disk may get another volume, and so other data. */
  readonly mayReplace?: boolean;
  /**
   * The size that the volume of a disk has, where it is known: a resize that was interrupted, or
   * done by other means, makes it another than the document says.
   */
  readonly sizeOf?: (disk: Disk) => number | undefined;
  /** The uuid of a disk whose volume gets the size of the draft, whatever the document says. */
  readonly resized?: string;
  /** The uuid of a disk that gets its volume even if this notes that it is that of another disk. */
  readonly imported?: string;
  /** The volumes of the store, as far as disks that are new to the document need them. */
  readonly found?: readonly FoundVolume[];
}

export function diffDisks(
  current: ClusterDocument | undefined,
  next: ClusterDocument,
  options: DiskDiffOptions,
): DiskDiff {
  const { found = [] } = options;
  const before = new Map(current?.disks.map((disk) => [disk.uuid, disk]));
  const volumes = new Map(found.map((volume) => [volume.name, volume]));
  const left = new Map(before);
  const createDisks: Disk[] = [];
  const adoptDisks: { disk: Disk; found: FoundVolume }[] = [];
  const resizeDisks: { disk: Disk; fromBytes: number }[] = [];
  const layoutDisks: Disk[] = [];
  const refusals: string[] = [];
  const changes: string[] = [];
  for (const disk of next.disks) {
    const { name, size, volume: { id } = {} } = disk;
    const old = before.get(disk.uuid);
    left.delete(disk.uuid);
    if (old === undefined) {
      const isHere = ({ id: other }: FoundVolume) => other === id;
      const own = id === undefined ? volumes.get(volumeNameOf(disk)) : found.find(isHere);
      if (own === undefined) createDisks.push(disk);
      else adoptDisks.push({ disk, found: own });
      // Data of another disk is refused later; the document asks for a new disk.
      const isOthers = own?.disk !== undefined && own.disk.uuid !== disk.uuid;
      const isNew = own === undefined || (isOthers && disk.uuid !== options.imported);
      changes.push(isNew ? `create disk ${name} (${formatSize(size)})` : again(disk, own));
      continue;
    }
    refusals.push(...refusalsOf(old, disk, options));
    const isLaid = disk.dataPool === old.dataPool && disk.objectSize === old.objectSize;
    if (!isLaid) layoutDisks.push(disk);
    if (isResized(old, disk, options)) {
      resizeDisks.push({ disk, fromBytes: options.sizeOf?.(disk) ?? old.size });
    }
    changes.push(...changesOf(old, disk, options));
  }
  const releaseDisks = [...left.values()];
  const uuids = new Set(next.disks.map(({ uuid }) => uuid));
  assert(!releaseDisks.some(({ uuid }) => uuids.has(uuid)), 'no disk that stays is released');
  changes.push(...releaseDisks.map(released));
  refusals.push(...claims(next.disks, before), ...clashes(next.disks), ...mappedDeletions(next));
  return {
    ...{ createDisks, adoptDisks, resizeDisks, layoutDisks, releaseDisks },
    ...{ refusals, changes },
  };
}

function again({ name, uuid, wwn }: Disk, { name: volume, sizeBytes }: FoundVolume): string {
  const where = `volume ${volume} of ${formatSize(sizeBytes)}, which exists already`;
  return `serve disk ${name} again: ${where} (uuid ${uuid}, ${wwn})`;
}

function released({ name, deleting }: Disk): string {
  if (deleting === true) return `remove disk ${name}, which was being deleted`;
  return `stop serving disk ${name}; its data stay`;
}

/** A disk whose size the document does not change is left alone. */
function isResized(old: Disk, disk: Disk, { sizeOf, resized }: DiskDiffOptions): boolean {
  if (disk.size !== old.size) return true;
  return disk.uuid === resized && (sizeOf?.(disk) ?? disk.size) !== disk.size;
}

function changesOf(old: Disk, disk: Disk, options: DiskDiffOptions): readonly string[] {
  const { name, size } = disk;
  const others = differences(old, disk, ['name', 'size', 'volume']);
  const from = old.size === size ? (options.sizeOf?.(disk) ?? size) : old.size;
  const sizes = `from ${formatSize(from)} to ${formatSize(size)}`;
  const [was, is] = [volumeText(old), volumeText(disk)];
  return [
    ...(old.name === name ? [] : [`rename disk ${old.name} to ${name}`]),
    ...(!isResized(old, disk, options) ? [] : [`resize disk ${name} ${sizes}`]),
    ...(was === is ? [] : [`the volume of disk ${name} is ${is}, not ${was}`]),
    ...(others.length === 0 ? [] : [`change disk ${name}: ${others.join(', ')}`]),
  ];
}

function refusalsOf(old: Disk, disk: Disk, options: DiskDiffOptions): string[] {
  const refusals: string[] = [];
  const { name } = disk;
  const size = Math.max(old.size, options.sizeOf?.(disk) ?? 0);
  if (isResized(old, disk, options) && disk.size < size && options.mayShrink !== true) {
    const sizes = `${formatSize(size)} to ${formatSize(disk.size)}`;
    refusals.push(`disk ${name} would shrink from ${sizes}: use "disk resize --shrink"`);
  }
  if (disk.blockLength !== old.blockLength) {
    refusals.push(`disk ${name} has blocks of ${old.blockLength} bytes; that cannot change`);
  }
  if (!isSameVolume(old, disk) && options.mayReplace !== true) {
    refusals.push(
      `disk ${name} would get other data, of another volume than ${volumeText(old)}: ` +
        `use "disk import --replace"`,
    );
  }
  return refusals;
}

/** A volume with an id may be renamed: the id decides. */
function isSameVolume(old: Disk, disk: Disk): boolean {
  const [was, is] = [old.volume?.id, disk.volume?.id];
  if (was !== undefined) return was === is;
  return volumeNameOf(old) === volumeNameOf(disk);
}

function volumeText(disk: Disk): string {
  const id = disk.volume?.id;
  return volumeNameOf(disk) + (id === undefined ? '' : ` (id ${id})`);
}

/** New disks under what the document has for another: initiators would take them for that disk. */
function claims(disks: readonly Disk[], before: ReadonlyMap<string, Disk>): readonly string[] {
  const after = new Map(disks.map((disk) => [disk.uuid, disk]));
  return disks.flatMap((disk) => {
    if (before.has(disk.uuid)) return [];
    return [...before.values()].flatMap((other) => {
      // A disk that is renamed gives its name up.
      const isNamed = disk.name === other.name && !after.has(other.uuid);
      const shared = [
        ...(isNamed ? [`the name ${other.name}`] : []),
        ...(disk.wwn === other.wwn ? [`the wwn ${other.wwn}`] : []),
        ...(disk.serial === other.serial ? [`the serial ${other.serial}`] : []),
      ];
      if (shared.length === 0) return [];
      const owner = `that of disk ${other.name} with the uuid ${other.uuid}`;
      const hint = 'write that uuid to change or rename that disk, or delete it before';
      return [
        `disk ${disk.name} would be a new disk, but has ${shared.join(', ')}, ${owner}: ${hint}`,
      ];
    });
  });
}

/** The remaining data of a disk that is being deleted is unknown. */
function mappedDeletions(next: ClusterDocument): readonly string[] {
  const deleting = next.disks.filter((disk) => disk.deleting === true);
  return deleting.flatMap(({ name }) => {
    if (!mappedDisks(next).has(name)) return [];
    return [
      `disk ${name} is being deleted and cannot be mapped: "disk delete ${name}" finishes that`,
    ];
  });
}

/** Values that two disks must not share, whether written or generated. */
function clashes(disks: readonly Disk[]): readonly string[] {
  const keys: readonly (readonly [what: string, of: (disk: Disk) => string | undefined])[] = [
    ['name', ({ name }) => name],
    ['uuid', ({ uuid }) => uuid],
    ['wwn', ({ wwn }) => wwn],
    ['serial', ({ serial }) => serial],
    ['volume', volumeNameOf],
    ['volume id', ({ volume }) => volume?.id],
  ];
  return keys.flatMap(([what, of]) => {
    const owners = new Map<string, Disk>();
    return disks.flatMap((disk) => {
      const value = of(disk);
      if (value === undefined) return [];
      const owner = owners.get(value);
      if (owner === undefined) owners.set(value, disk);
      if (owner === undefined) return [];
      const isVolume = what === 'volume';
      const hint = isVolume
        ? '; choose another name, or in the document `volume: {name: ...}`'
        : '';
      return [`disk ${disk.name} has the ${what} ${value}, as has disk ${owner.name}${hint}`];
    });
  });
}
