import { assert } from '../../base/assert.ts';
import { didYouMean } from '../../base/closest-name.ts';
import { Failure } from '../../base/failure.ts';
import {
  type DiskIdentity,
  identityOf,
  newIdentity,
  volumeNameOf,
} from '../../config/disk-identity.ts';
import { mappedDisks } from '../../config/disk-names.ts';
import type { ClusterDocument, Disk, DiskDraft, DocumentDraft } from '../../config/document.ts';
import { emptyDocument } from '../../config/empty-document.ts';
import type { VolumeEntry } from '../../volume/volume.ts';
import { askGateways } from '../ask-gateways.ts';
import type { ControlContext } from '../control-context.ts';
import { changeDocument } from '../document/change-document.ts';
import { readDocument } from '../document/document-record.ts';
import { VolumeEntries } from '../volume-entries.ts';
import { draftDisk } from './disk-draft.ts';
import { requireFreeName } from './document-disks.ts';

export interface ImportRequest {
  /** Of the volume, and of the disk that is made of it. */
  readonly name: string;
  readonly blockLength?: number | undefined;
  readonly readOnly?: boolean | undefined;
  /** First make the volume fit to be served by several gateways. */
  readonly repair: boolean;
  /** A disk of that name takes the volume in place of its own, under its identity. */
  readonly replace: boolean;
}

interface ImportedDisk {
  readonly disk: Disk;
  /** Whether initiators know the disk: its identity is one that it had before. */
  readonly isKnown: boolean;
}

/**
 * Makes a disk of a volume that no disk has. A volume that says whose data it holds becomes that
 * disk again; any other one gets a new identity, and says so from then on. Rejects with
 * `volumeNotFound`, `diskExists`, `diskInUse`, `diskInvalid` or why the volume cannot be served.
 */
export async function importDisk(
  context: ControlContext,
  request: ImportRequest,
): Promise<ImportedDisk> {
  const { records, volumes } = context;
  const { name } = request;
  const current = (await readDocument(records))?.document;
  const listed = await volumes.list();
  const entries = new VolumeEntries(listed);
  const volume = unownedVolume(listed, entries, current, name);
  const known = current?.disks.find((disk) => disk.name === name);
  if (known !== undefined && !request.replace) throw otherVolume(known, entries);
  if (known !== undefined) await refuseServed(context, current!, known);
  const draft = draftOf(request, volume);
  const { id } = volume;
  await volumes.prepare?.(name, request.repair, { id });
  const kept = [known, volume.disk].find(
    (disk) => disk !== undefined && !isTaken(disk, known, current),
  );
  const identity = identityOf(kept ?? newIdentity(context.random, current?.settings.oui));
  const found = { ...draft, ...identity };
  const { document } = await changeDocument(
    context,
    (latest) => withImported(latest ?? emptyDocument(), found, known !== undefined),
    { mayReplace: true, mayShrink: true, imported: identity.uuid },
  );
  const disk = document.disks.find(({ uuid }) => uuid === identity.uuid);
  assert(disk !== undefined, 'an imported disk is in the document');
  assert(known === undefined || kept !== undefined, 'a disk keeps its identity with other data');
  return { disk, isKnown: kept !== undefined };
}

function unownedVolume(
  listed: readonly VolumeEntry[],
  entries: VolumeEntries,
  current: ClusterDocument | undefined,
  name: string,
): VolumeEntry {
  const volume = listed.find((each) => each.name === name);
  if (volume === undefined) {
    const names = listed.map((each) => each.name);
    const message = `the store has no volume ${name}${didYouMean(name, names)}`;
    throw new Failure('volumeNotFound', message, { name });
  }
  const owner = current?.disks.find((disk) => entries.of(disk) === volume);
  if (owner === undefined) return volume;
  throw new Failure('diskExists', `the volume ${name} belongs to disk ${owner.name}`, { name });
}

/** The disk that a volume becomes: its size and layout are those of the volume. */
function draftOf(
  { name, blockLength, readOnly }: ImportRequest,
  { sizeBytes: size, id, layout: { dataPool, objectSizeBytes: objectSize } = {} }: VolumeEntry,
): DiskDraft {
  const draft = draftDisk({ name, size, blockLength, readOnly, dataPool, objectSize });
  return id === undefined ? draft : { ...draft, volume: { id } };
}

function withImported(
  document: ClusterDocument,
  found: DiskDraft,
  mayReplace: boolean,
): DocumentDraft {
  const { name } = found;
  if (!mayReplace) requireFreeName(document, name);
  const isThere = document.disks.some((disk) => disk.name === name);
  const disks: DiskDraft[] = document.disks.map((disk) => {
    return disk.name === name ? withDataOf(disk, found) : disk;
  });
  return { ...document, disks: isThere ? disks : [...disks, found] };
}

/** The disk as it was, with the volume of another, and the size and layout that this has. */
function withDataOf(
  disk: Disk,
  { name, size, dataPool, objectSize, volume }: DiskDraft,
): DiskDraft {
  const { dataPool: _, objectSize: __, ...rest } = disk;
  const layout = {
    ...(dataPool === undefined ? {} : { dataPool }),
    ...(objectSize === undefined ? {} : { objectSize }),
  };
  return { ...rest, ...layout, size, volume: { name, ...volume } };
}

/** Initiators that use a disk do not expect its data to be replaced. */
async function refuseServed(
  { records }: ControlContext,
  document: ClusterDocument,
  { name }: Disk,
): Promise<void> {
  if (!mappedDisks(document).has(name)) return;
  const { gateways, missing } = await askGateways(records);
  const answering = gateways.filter(({ unserved }) => {
    return !(unserved?.disks ?? []).some(({ disk }) => disk === name);
  });
  // A gateway that runs and does not answer in time may serve it as well.
  const serving = [...answering, ...missing].map((gateway) => gateway.name);
  if (serving.length === 0) return;
  throw new Failure(
    'diskInUse',
    `disk ${name} is served by ${serving.join(', ')}: remove it from its LUN maps before its ` +
      'data is replaced',
    { name, gateways: serving },
  );
}

/** An identity that a volume brings is not its own when another disk has it: it is a copy. */
function isTaken(
  disk: DiskIdentity,
  known: Disk | undefined,
  current: ClusterDocument | undefined,
): boolean {
  const { uuid, wwn, serial } = disk;
  return (current?.disks ?? []).some(
    (each) => each !== known && (each.uuid === uuid || each.wwn === wwn || each.serial === serial),
  );
}

function otherVolume(disk: Disk, entries: VolumeEntries): Failure<'diskExists'> {
  const { name } = disk;
  const own = entries.of(disk);
  const id = disk.volume?.id ?? volumeNameOf(disk);
  const where = own === undefined ? `${id}, which is not there` : `${own.name} (${id})`;
  return new Failure(
    'diskExists',
    `disk ${name} exists already, and its volume is ${where}; --replace serves the volume ` +
      `${name} instead: other data under the identity that initiators know`,
    { name },
  );
}
