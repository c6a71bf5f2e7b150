import { didYouMean } from '../../base/closest-name.ts';
import { Failure } from '../../base/failure.ts';
import { volumeNameOf } from '../../config/disk-identity.ts';
import { mappedDisks } from '../../config/disk-names.ts';
import type { ClusterDocument, Disk, DiskDraft, DocumentDraft } from '../../config/document.ts';
import { generateNaa, generateSerial, generateUuid } from '../../config/generate.ts';
import type { VolumeDisk, VolumeEntry } from '../../volume/volume.ts';
import { askGateways } from '../ask-gateways.ts';
import { type ApplyContext, applyDocument } from '../document/apply.ts';
import { readDocument } from '../document/document-record.ts';
import { VolumeEntries } from '../volume-entries.ts';

export interface DiskImport {
  /** Of the volume, and of the disk that is made of it. */
  readonly name: string;
  /** The disk as it is asked for, of a volume that has this size and layout. */
  readonly draftOf: (volume: VolumeEntry) => DiskDraft;
  /** The document that it comes into when there is none. */
  readonly empty: DocumentDraft;
  /** Do first what makes the volume fit to be served. */
  readonly mend: boolean;
  /** A disk of that name takes the volume in place of its own, under its identity. */
  readonly replace: boolean;
}

export interface ImportedDisk {
  readonly disk: Disk;
  /** Whether initiators know the disk: its identity is one that it had before. */
  readonly isKnown: boolean;
}

/**
 * Makes a disk of a volume that no disk has. A volume that says whose data it holds becomes that
 * disk again; any other one gets a new identity, and says so from then on.
 */
export async function importDisk(context: ApplyContext, asked: DiskImport): Promise<ImportedDisk> {
  const { records, volumes } = context;
  const { name, mend } = asked;
  const current = (await readDocument(records))?.document;
  const listed = await volumes.list();
  const volume = listed.find((each) => each.name === name);
  if (volume === undefined) {
    const near = didYouMean(
      name,
      listed.map((each) => each.name),
    );
    throw new Failure('volumeNotFound', `the store has no volume ${name}${near}`, { name });
  }
  const entries = new VolumeEntries(listed);
  const owner = current?.disks.find((disk) => entries.of(disk) === volume);
  if (owner !== undefined) {
    throw new Failure('diskExists', `the volume ${name} is that of disk ${owner.name}`, { name });
  }
  const known = current?.disks.find((disk) => disk.name === name);
  if (known !== undefined && !asked.replace) throw otherVolume(known, entries);
  if (known !== undefined) await refuseServed(context, current!, known);
  await volumes.prepare?.(name, mend, { id: volume.id });
  const left = [known, volume.disk].find(
    (disk) => disk !== undefined && !isTaken(disk, known, current),
  );
  const oui = current?.settings.oui;
  const identity = left ?? newIdentity(context, oui);
  const { uuid, wwn, serial } = identity;
  await volumes.assign(name, { uuid, wwn, serial }, { id: volume.id });
  const place = volume.id === undefined ? {} : { volume: { id: volume.id } };
  const found = { ...asked.draftOf(volume), uuid, wwn, serial, ...place };
  const { document } = await applyDocument(
    { ...context, mayReplace: true, mayShrink: true },
    (latest) => {
      const base: DocumentDraft = latest ?? asked.empty;
      const others = base.disks.filter((disk) => disk.name !== name);
      if (others.length === base.disks.length) return { ...base, disks: [...base.disks, found] };
      if (known === undefined) throw new Failure('diskExists', `there is a disk ${name} already`);
      const { size, dataPool, objectSize } = found;
      const laid = {
        ...(dataPool === undefined ? {} : { dataPool }),
        ...(objectSize === undefined ? {} : { objectSize }),
      };
      const taking = (disk: DiskDraft): DiskDraft => {
        const { dataPool: _, objectSize: __, ...rest } = disk;
        return { ...rest, ...laid, size, volume: { name, ...place.volume } };
      };
      return {
        ...base,
        disks: base.disks.map((disk) => (disk.name === name ? taking(disk) : disk)),
      };
    },
  );
  const disk = document.disks.find((each) => each.uuid === uuid)!;
  return { disk, isKnown: left !== undefined };
}

/** Initiators that use a disk do not expect that its data become others. */
async function refuseServed(
  { records }: ApplyContext,
  document: ClusterDocument,
  { name }: Disk,
): Promise<void> {
  if (!mappedDisks(document).has(name)) return;
  const { gateways, missing } = await askGateways(records);
  const answering = gateways.filter(({ unserved }) => {
    return !(unserved?.disks ?? []).some(({ disk }) => disk === name);
  });
  // A gateway that runs and does not answer in time may serve it as well.
  const serving = [...answering, ...missing];
  if (serving.length === 0) return;
  const names = serving.map((gateway) => gateway.name).join(', ');
  throw new Failure(
    'diskInUse',
    `disk ${name} is served by ${names}: take it out of its LUN maps before its data become others`,
    { name, gateways: serving.map((gateway) => gateway.name) },
  );
}

/** An identity that a volume brings is not its own when another disk has it: it is a copy. */
function isTaken(
  disk: VolumeDisk,
  known: Disk | undefined,
  current: ClusterDocument | undefined,
): boolean {
  const { uuid, wwn, serial } = disk;
  return (current?.disks ?? []).some(
    (each) => each !== known && (each.uuid === uuid || each.wwn === wwn || each.serial === serial),
  );
}

function newIdentity({ random }: ApplyContext, oui: string | undefined): VolumeDisk {
  return {
    uuid: generateUuid(random),
    wwn: generateNaa(random, oui),
    serial: generateSerial(random),
  };
}

function otherVolume(disk: Disk, entries: VolumeEntries): Failure<'diskExists'> {
  const { name } = disk;
  const own = entries.of(disk);
  const id = disk.volume?.id ?? volumeNameOf(disk);
  const where = own === undefined ? `${id}, which is not there` : `${own.name} (${id})`;
  return new Failure(
    'diskExists',
    `there is a disk ${name} already, whose volume is ${where}; --replace gives it the volume ` +
      `${name} in place of that, and so other data under the identity that initiators know`,
    { name },
  );
}
