import { assert } from '../../base/assert.ts';
import { type Clock, within } from '../../base/clock.ts';
import type { DocumentDiff } from '../../config/diff.ts';
import { identityOf, volumeNameOf } from '../../config/disk-identity.ts';
import type { Disk } from '../../config/document.ts';
import type { VolumeDisk, VolumeStore } from '../../volume/volume.ts';
import { knownVolume, type VolumeEntries } from '../volume-entries.ts';
import { layoutOf } from './volume-refusals.ts';

/** How long the volumes of disks that leave the document may take to note whose data they hold. */
const MARK_WAIT_MAX_MS = 5_000;

/**
 * Makes, prepares and grows the volumes of a document that is to come. `made`: ids by name of
 * those that were made for it so far, to which it adds.
 */
export async function makeVolumes(
  volumes: VolumeStore,
  diff: DocumentDiff,
  entries: VolumeEntries,
  made: Map<string, string | undefined>,
  mayShrink: boolean,
): Promise<void> {
  for (const { disk } of diff.adoptDisks) {
    await volumes.prepare?.(volumeNameOf(disk), false, knownVolume(disk));
  }
  for (const disk of diff.createDisks) {
    const name = volumeNameOf(disk);
    if (made.has(name)) continue;
    assert(disk.size > 0 && disk.size % disk.blockLength === 0, 'a disk has whole blocks');
    const options = { layout: layoutOf(disk), disk: identityOf(disk) };
    made.set(name, await volumes.create(name, disk.size, options));
  }
  for (const { disk, fromBytes } of diff.resizeDisks) {
    assert(mayShrink || disk.size >= fromBytes, 'no volume shrinks unless that was asked for');
    const isGrown = entries.of(disk)?.sizeBytes === disk.size;
    const options = { ...knownVolume(disk), mayShrink };
    if (!isGrown) await volumes.resize(volumeNameOf(disk), disk.size, options);
  }
}

/**
 * Volumes of disks that join or leave the document note whose data they hold: put back, a disk is
 * the same disk. Done as far as the store answers: a volume that notes nothing is only harder to
 * put back.
 */
export async function markVolumes(
  volumes: VolumeStore,
  disks: readonly Disk[],
  entries: VolumeEntries,
  clock: Clock,
): Promise<void> {
  const marking = Promise.all(disks.map((disk) => mark(volumes, disk, entries).catch(() => {})));
  await within(clock, MARK_WAIT_MAX_MS, marking);
}

/** The volume of an imported disk holds its data from now on, whatever it noted before. */
export async function markImported(volumes: VolumeStore, disk: Disk): Promise<void> {
  await volumes.assign(volumeNameOf(disk), identityOf(disk), { id: disk.volume?.id });
}

async function mark(volumes: VolumeStore, disk: Disk, entries: VolumeEntries): Promise<void> {
  const entry = entries.of(disk);
  const identity = identityOf(disk);
  if (entry === undefined || isSame(entry.disk, identity)) return;
  await volumes.assign(volumeNameOf(disk), identity, knownVolume(disk));
}

function isSame(a: VolumeDisk | undefined, b: VolumeDisk): boolean {
  return a !== undefined && a.uuid === b.uuid && a.wwn === b.wwn && a.serial === b.serial;
}
