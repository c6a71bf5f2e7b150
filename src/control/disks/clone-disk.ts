import { assert } from '../../base/assert.ts';
import { didYouMean } from '../../base/closest-name.ts';
import { Failure } from '../../base/failure.ts';
import { newIdentity, volumeNameOf } from '../../config/disk-identity.ts';
import type { ClusterDocument, Disk, DiskDraft, DocumentDraft } from '../../config/document.ts';
import type { ControlContext } from '../control-context.ts';
import { changeDocument } from '../document/change-document.ts';
import { readDocument } from '../document/document-record.ts';
import { knownVolume } from '../volume-entries.ts';
import { draftDisk } from './disk-draft.ts';
import { requireSnapshots, usableDisk } from './disk-snapshots.ts';
import { requireFreeName } from './document-disks.ts';

export interface CloneRequest {
  readonly disk: string;
  /** Undefined: the disk as it is now. */
  readonly snapshot: string | undefined;
  /** Of the clone. */
  readonly name: string;
  readonly map: MapPlace | undefined;
}

/** A place in the LUN map of a target that all its initiators share. */
export interface MapPlace {
  readonly target: string;
  readonly lun: number;
}

/**
 * Makes a disk with the data of another disk or of its snapshot, and an identity of its own. After
 * an interruption its volume is listed as one that no disk uses. Rejects with `diskNotFound`,
 * `diskExists`, `diskInvalid`, `volumeExists`, `snapshotNotFound`, `snapshotUnsupported`,
 * `targetNotFound` or `lunInUse`.
 */
export async function cloneDisk(context: ControlContext, request: CloneRequest): Promise<Disk> {
  const { volumes, records } = context;
  const { snapshot, name, map } = request;
  const document = (await readDocument(records))?.document;
  const source = usableDisk(document, request.disk);
  const snapshots = requireSnapshots(volumes);
  const identity = newIdentity(context.random, document?.settings.oui);
  const { blockLength, writethrough } = source;
  const draft = draftDisk({ name, size: source.size, blockLength, writethrough });
  withClone(document, draft, map);
  const from = { volume: volumeNameOf(source), snapshot, ...knownVolume(source) };
  const id = await snapshots.clone(from, name, identity);
  const made = (await volumes.list()).find((each) => each.name === name);
  assert(made !== undefined, 'a clone is a volume of its store');
  const clone: DiskDraft = {
    ...{ ...draft, ...identity, size: made.sizeBytes },
    ...(id === undefined ? {} : { volume: { id } }),
  };
  try {
    const changed = await changeDocument(context, (latest) => withClone(latest, clone, map), {
      imported: identity.uuid,
    });
    const disk = changed.document.disks.find(({ uuid }) => uuid === identity.uuid);
    assert(disk !== undefined, 'a clone is in the document');
    return disk;
  } catch (error) {
    const isRefused = error instanceof Failure && NOT_COMMITTED.includes(error.code);
    if (isRefused) await volumes.delete(name, { id, uuid: identity.uuid }).catch(() => {});
    throw error;
  }
}

/** Failures after which the document does not have the clone. */
const NOT_COMMITTED = ['applyRefused', 'applyConflict', 'diskExists', 'targetNotFound', 'lunInUse'];

function withClone(
  document: ClusterDocument | undefined,
  clone: DiskDraft,
  map: MapPlace | undefined,
): DocumentDraft {
  assert(document !== undefined, 'a disk that is cloned is in a document');
  requireFreeName(document, clone.name);
  const next = { ...document, disks: [...document.disks, clone] };
  return map === undefined ? next : withMap(next, clone.name, map);
}

function withMap<T extends DocumentDraft>(document: T, disk: string, map: MapPlace): T {
  const iqn = map.target.toLowerCase();
  const target = document.targets.find((each) => each.iqn === iqn);
  if (target === undefined) {
    const near = didYouMean(
      map.target,
      document.targets.map((each) => each.iqn),
    );
    const message = `there is no target ${map.target}${near}`;
    throw new Failure('targetNotFound', message, { name: map.target });
  }
  const taken = target.luns[map.lun];
  if (taken !== undefined) {
    const message = `LUN ${map.lun} of ${iqn} is disk ${taken}`;
    throw new Failure('lunInUse', message, { target: iqn, lun: map.lun, disk: taken });
  }
  const mapped = { ...target, luns: { ...target.luns, [map.lun]: disk } };
  const targets = document.targets.map((each) => (each === target ? mapped : each));
  return { ...document, targets };
}
