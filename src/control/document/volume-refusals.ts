import type { DocumentDiff } from '../../config/diff.ts';
import { type FoundVolume, volumeNameOf } from '../../config/disk-identity.ts';
import type { ClusterDocument, Disk, DocumentDraft } from '../../config/document.ts';
import { formatSize } from '../../config/size.ts';
import type { VolumeEntry, VolumeLayout, VolumeStore } from '../../volume/volume.ts';
import { NO_LAYOUTS } from '../../volume/volume-layout.ts';
import type { VolumeEntries } from '../volume-entries.ts';

interface VolumeRefusalsOptions {
  readonly volumes: VolumeStore;
  readonly diff: DocumentDiff;
  /** The draft before anything was filled in. */
  readonly draft: DocumentDraft;
  /** The draft with everything filled in. */
  readonly document: ClusterDocument;
  readonly entries: VolumeEntries;
  /** False: no disk that is new to the document may find its volume there. */
  readonly mayAdopt?: boolean;
  /** The uuid of a disk that gets its volume even if this notes that it is that of another disk. */
  readonly imported?: string;
}

/** Why the volumes of the store do not fit the next document, in words; empty if they do. */
export async function volumeRefusals(options: VolumeRefusalsOptions): Promise<readonly string[]> {
  const { volumes, diff, entries } = options;
  const refusals: string[] = [];
  const adopted: Disk[] = [];
  for (const { disk, found } of diff.adoptDisks) {
    const reasons = foundRefusals(options, disk, found);
    refusals.push(...reasons);
    if (reasons.length === 0) adopted.push(disk);
  }
  for (const disk of diff.createDisks) {
    const { name, volume } = disk;
    // One that is there was made for this draft, at an attempt that another change overtook.
    if (volume?.id === undefined || entries.of(disk) !== undefined) continue;
    refusals.push(
      `disk ${name}: its volume with the id ${volume.id} is not in this store (deleted, in the ` +
        'trash); for a document from another store, "apply --other-store" ignores volume ids',
    );
  }
  const grown = diff.resizeDisks.filter(({ disk, fromBytes }) => disk.size > fromBytes);
  for (const { name, size } of [...diff.createDisks, ...grown.map(({ disk }) => disk)]) {
    const reason = await volumes.sizeRefusal(size);
    if (reason !== undefined) refusals.push(`disk ${name}: ${reason}`);
  }
  for (const disk of [...diff.createDisks, ...adopted, ...diff.layoutDisks]) {
    refusals.push(...(await layoutMisfits(volumes, disk, entries.of(disk))));
  }
  return refusals;
}

/**
 * A volume that is there is served only as the disk whose data it holds; or, where it does not say
 * whose, as one that the draft names by its uuid, as a document does that was printed before.
 */
function foundRefusals(
  { diff, draft, document, entries, mayAdopt = true, imported }: VolumeRefusalsOptions,
  disk: Disk,
  found: FoundVolume,
): string[] {
  const { name, size, uuid } = disk;
  // Two disks with one volume are refused by themselves: neither command would help.
  const others = document.disks.filter((each) => each.uuid !== uuid);
  if (others.some((each) => entries.of(each)?.name === found.name)) return [];
  const owner = diff.releaseDisks.find((each) => entries.of(each)?.name === found.name);
  if (owner !== undefined) {
    // A new disk with the name of one that the cluster has is refused by itself.
    return owner.name === name ? [] : [`disk ${name}: ${ownedWords(owner.name, disk, found)}`];
  }
  const volume = volumeNameOf(disk);
  const there = `a volume ${found.name} of ${formatSize(found.sizeBytes)} exists already`;
  const commands = `"disk import ${volume}" serves it, "disk delete ${volume}" deletes it`;
  if (!mayAdopt) return [`disk ${name}: ${there}: ${commands}`];
  if (found.disk !== undefined && found.disk.uuid !== uuid && uuid !== imported) {
    const whose = `with the data of another disk, uuid ${found.disk.uuid}, ${found.disk.wwn}`;
    return [`disk ${name}: ${there}, ${whose}: ${commands}`];
  }
  if (found.disk === undefined && !draft.disks.some((each) => each.uuid === uuid)) {
    return [`disk ${name}: ${there}, which does not say whose data it holds: ${commands}`];
  }
  if (found.sizeBytes === size) return [];
  return [`the volume of disk ${name} has ${formatSize(found.sizeBytes)}, not ${formatSize(size)}`];
}

/** The two may be one disk, renamed by a command that the author of the document forgot. */
function ownedWords(owner: string, { name }: Disk, found: FoundVolume): string {
  return (
    `the volume ${found.name} of ${formatSize(found.sizeBytes)} holds the data of disk ` +
    `${owner}, which this document leaves out: if that is meant, write ${owner}, or first ` +
    `"disk rename ${owner} ${name}"; else give the new disk another name`
  );
}

export function layoutOf({ dataPool, objectSize: objectSizeBytes }: Disk): VolumeLayout {
  return {
    ...(dataPool === undefined ? {} : { dataPool }),
    ...(objectSizeBytes === undefined ? {} : { objectSizeBytes }),
  };
}

/** A layout that the document leaves open fits every volume. */
async function layoutMisfits(
  volumes: VolumeStore,
  disk: Disk,
  found: VolumeEntry | undefined,
): Promise<readonly string[]> {
  const { name, dataPool, objectSize } = disk;
  if (dataPool === undefined && objectSize === undefined) return [];
  if (volumes.layoutRefusal === undefined) return [`disk ${name}: ${NO_LAYOUTS}`];
  if (found === undefined) {
    const reason = await volumes.layoutRefusal(layoutOf(disk));
    return reason === undefined ? [] : [`disk ${name}: ${reason}`];
  }
  const { dataPool: pool, objectSizeBytes = 0 } = found.layout ?? {};
  const misfits: string[] = [];
  if (dataPool !== undefined && dataPool !== pool) {
    const where = pool === undefined ? 'no data pool' : `the data pool ${pool}`;
    misfits.push(`disk ${name}: its image has ${where}, not ${dataPool}; that cannot change`);
  }
  if (objectSize !== undefined && objectSize !== objectSizeBytes) {
    const sizes = `${formatSize(objectSizeBytes)}, not of ${formatSize(objectSize)}`;
    misfits.push(`disk ${name}: its image has objects of ${sizes}; that cannot change`);
  }
  return misfits;
}
