import type { Disk } from '../../config/document.ts';
import type { VolumeEntry } from '../../volume/volume.ts';
import type { ControlContext } from '../control-context.ts';
import { readDocument } from '../document/document-record.ts';
import { VolumeEntries } from '../volume-entries.ts';

export interface DiskList {
  /** In the order of the document. */
  readonly disks: readonly ListedDisk[];
  /** Volumes that no disk of the document has. */
  readonly orphans: readonly VolumeEntry[];
}

interface ListedDisk {
  readonly disk: Disk;
  /** Undefined if the store has no volume of this disk. */
  readonly volume: VolumeEntry | undefined;
}

/** The disks of the document with their volumes, and the volumes that no disk has. */
export async function listDisks({
  records,
  volumes,
}: Pick<ControlContext, 'records' | 'volumes'>): Promise<DiskList> {
  const current = await readDocument(records);
  const listed = await volumes.list();
  const entries = new VolumeEntries(listed);
  const disks = (current?.document.disks ?? []).map((disk) => ({ disk, volume: entries.of(disk) }));
  const owned = new Set(disks.map(({ volume }) => volume));
  return { disks, orphans: listed.filter((volume) => !owned.has(volume)) };
}
