import { assert } from '../base/assert.ts';
import { volumeNameOf, withVolume } from '../config/disk-identity.ts';
import type { Disk } from '../config/document.ts';
import type { KnownVolume, VolumeEntry } from '../volume/volume.ts';

/** The volumes of a store as of one look, by the disks whose data they hold. */
export class VolumeEntries {
  readonly #byName: ReadonlyMap<string, VolumeEntry>;
  readonly #byId: ReadonlyMap<string, VolumeEntry>;

  constructor(entries: readonly VolumeEntry[]) {
    this.#byName = new Map(entries.map((entry) => [entry.name, entry]));
    this.#byId = new Map(entries.flatMap((entry) => (entry.id ? [[entry.id, entry]] : [])));
    assert(this.#byName.size === entries.length, 'a store lists a name once');
  }

  /**
   * The volume of a disk. Where it has an id, that alone says which it is; a name may be that of a
   * volume which says that it holds the data of another disk.
   */
  of(disk: Pick<Disk, 'name' | 'uuid' | 'volume'>): VolumeEntry | undefined {
    const id = disk.volume?.id;
    if (id !== undefined) return this.#byId.get(id);
    const entry = this.#byName.get(volumeNameOf(disk));
    return (entry?.disk?.uuid ?? disk.uuid) === disk.uuid ? entry : undefined;
  }

  /** The disk with the id of its volume, if it has none yet and the volume is there. */
  pin(disk: Disk): Disk {
    if (disk.volume?.id !== undefined) return disk;
    const id = this.of(disk)?.id;
    assert(id === undefined || this.#byId.has(id), 'a disk is pinned to a volume that is there');
    return id === undefined ? disk : withVolume(disk, { name: volumeNameOf(disk), id });
  }
}

/** The volume of a disk as the document names it. */
export function knownVolume({ uuid, volume }: Disk): KnownVolume {
  return { uuid, id: volume?.id };
}
