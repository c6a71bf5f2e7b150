import { Failure } from '../../base/failure.ts';
import { volumeNameOf } from '../../config/disk-identity.ts';
import type { ClusterDocument, Disk } from '../../config/document.ts';
import type { VolumeSnapshot, VolumeSnapshots, VolumeStore } from '../../volume/volume.ts';
import type { ControlContext } from '../control-context.ts';
import { readDocument } from '../document/document-record.ts';
import { knownVolume } from '../volume-entries.ts';
import { draftDisk } from './disk-draft.ts';
import { requireDisk } from './document-disks.ts';

type SnapshotContext = Pick<ControlContext, 'records' | 'volumes'>;

/** A snapshot as commands name it: `DISK@SNAPSHOT`. */
export interface SnapshotName {
  readonly disk: string;
  readonly snapshot: string;
}

/**
 * Makes a snapshot of a disk, also while gateways serve it: writes of all of them are held for that
 * moment. Rejects with `diskNotFound`, `diskInvalid`, `snapshotExists` or `snapshotUnsupported`.
 */
export async function createSnapshot(
  { records, volumes }: SnapshotContext,
  { disk: name, snapshot }: SnapshotName,
): Promise<void> {
  checkSnapshotName(snapshot);
  const disk = usableDisk((await readDocument(records))?.document, name);
  await requireSnapshots(volumes).create(volumeNameOf(disk), snapshot, knownVolume(disk));
}

/** The snapshots of a disk. Rejects with `diskNotFound`. */
export async function listSnapshots(
  { records, volumes }: SnapshotContext,
  name: string,
): Promise<readonly VolumeSnapshot[]> {
  const disk = requireDisk((await readDocument(records))?.document, name);
  return await requireSnapshots(volumes).list(volumeNameOf(disk), knownVolume(disk));
}

/** Clones that were made of it stay. Rejects with `diskNotFound` or `snapshotNotFound`. */
export async function deleteSnapshot(
  { records, volumes }: SnapshotContext,
  { disk: name, snapshot }: SnapshotName,
): Promise<void> {
  const disk = requireDisk((await readDocument(records))?.document, name);
  await requireSnapshots(volumes).delete(volumeNameOf(disk), snapshot, knownVolume(disk));
}

/** The disk, if it is not being deleted. Throws `diskNotFound` or `diskInUse`. */
export function usableDisk(document: ClusterDocument | undefined, name: string): Disk {
  const disk = requireDisk(document, name);
  if (disk.deleting !== true) return disk;
  throw new Failure('diskInUse', `disk ${name} is being deleted`, { name });
}

export function requireSnapshots({ snapshots }: VolumeStore): VolumeSnapshots {
  if (snapshots !== undefined) return snapshots;
  throw new Failure('snapshotUnsupported', 'this store has no snapshots and no clones');
}

/** By the rule for the names of disks. */
function checkSnapshotName(snapshot: string): void {
  draftDisk({ name: snapshot, size: SIZE_BYTES });
}

/** Of any disk that has only a name. */
const SIZE_BYTES = 512;
