import { type Clock, within } from '../base/clock.ts';
import { volumeNameOf } from '../config/disk-identity.ts';
import type { ClusterDocument, Disk } from '../config/document.ts';
import {
  readDocument,
  type VersionedDocument,
  writeDocument,
} from '../control/document/document-record.ts';
import { VolumeEntries } from '../control/volume-entries.ts';
import type { Records } from '../records/records.ts';
import type { VolumeStore } from '../volume/volume.ts';

/** How often a document is pinned again because somebody else changed it meanwhile. */
const ATTEMPTS_MAX = 5;
/** How long the store may take to tell the ids of its volumes. */
export const PIN_WAIT_MAX_MS = 5_000;

interface PinOptions {
  readonly records: Records;
  readonly volumes: Pick<VolumeStore, 'names' | 'list'>;
  readonly clock: Clock;
}

/**
 * The document with the id of the volume of each disk. One that an older release wrote has none,
 * and gets those of the volumes that have the names now, for all gateways alike: a name that goes
 * to another volume later gives a disk no other data. Disks whose volume is not there, or not known
 * because the store does not answer, stay without an id.
 */
export async function readPinnedDocument(
  options: PinOptions,
): Promise<VersionedDocument | undefined> {
  const { records, volumes, clock } = options;
  for (let attempt = 0; ; attempt++) {
    const current = await readDocument(records);
    if (current === undefined || volumes.names === undefined || attempt === ATTEMPTS_MAX) {
      return current;
    }
    const pinning = pinnedDisks(volumes, current.document).catch(() => undefined);
    const disks = await within(clock, PIN_WAIT_MAX_MS, pinning);
    if (disks === undefined) return current;
    const document = { ...current.document, disks };
    const version = await writeDocument(records, current.version, document);
    if (version !== undefined) return { version, document };
  }
}

/** Undefined when there is nothing to add. */
async function pinnedDisks(
  volumes: PinOptions['volumes'],
  { disks }: ClusterDocument,
): Promise<Disk[] | undefined> {
  const unpinned = disks.filter(({ volume }) => volume?.id === undefined);
  if (unpinned.length === 0) return undefined;
  const names = new Set((await volumes.names?.())?.values());
  if (!unpinned.some((disk) => names.has(volumeNameOf(disk)))) return undefined;
  const entries = new VolumeEntries(await volumes.list());
  const pinned = disks.map((disk) => entries.pin(disk));
  return pinned.every((disk, i) => disk === disks[i]) ? undefined : pinned;
}
