import { assert } from '../../base/assert.ts';
import { type DocumentDiff, diffDocuments } from '../../config/diff.ts';
import type { ClusterDocument, Disk, DocumentDraft } from '../../config/document.ts';
import { completeIdentities } from '../../config/identity.ts';
import type { ControlContext } from '../control-context.ts';
import { VolumeEntries } from '../volume-entries.ts';
import { refuseStale } from './document-changes.ts';
import { lengthRefusal, readDocument, type VersionedDocument } from './document-record.ts';
import { volumeRefusals } from './volume-refusals.ts';

/** The id of a new volume adds at most this to the document. */
const VOLUME_ID_BYTES = 64;

/** Makes the next document of the current one; called again if another change came first. */
export type DocumentChange = (current: ClusterDocument | undefined) => DocumentDraft;

/** Permissions beyond those that `apply` has. */
export interface ChangePermits {
  /** Disks may become smaller, which loses data. */
  readonly mayShrink?: boolean;
  /** The uuid of a disk whose volume gets the size of the draft, whatever the document says. */
  readonly resized?: string;
  /** The uuid of a disk that gets its volume even if this notes that it is that of another disk. */
  readonly imported?: string;
  /** A disk may get another volume, and so other data under its identity. */
  readonly mayReplace?: boolean;
  /** False: a disk that is new to the document must not find its volume in the store. */
  readonly mayAdopt?: boolean;
}

/** The effects of a change on the document and the volumes of a store. */
interface ChangePlan {
  readonly current: VersionedDocument | undefined;
  readonly document: ClusterDocument;
  /** With any refusal nothing may be done. */
  readonly diff: DocumentDiff;
  readonly entries: VolumeEntries;
}

/**
 * Computes the effects of a change without making it. `made`: volumes made for it so far. Rejects
 * with `documentStale` when the draft was made from another version than the current one.
 */
export async function planChange(
  { records, volumes, random }: Pick<ControlContext, 'records' | 'volumes' | 'random'>,
  change: DocumentChange,
  permits: ChangePermits,
  made: ReadonlySet<string> = new Set(),
): Promise<ChangePlan> {
  const current = await readDocument(records);
  const draft = change(current?.document);
  const listed = await volumes.list();
  const entries = new VolumeEntries(listed);
  const completed = completeIdentities(draft, current?.document, random, listed);
  assert(completed.disks.length === draft.disks.length, 'completing a draft keeps its disks');
  const disks = completed.disks.map((disk) => entries.pin(disk));
  const document = { ...completed, disks };
  const found = listed.filter(({ name }) => !made.has(name));
  const sizeOf = (disk: Disk) => entries.of(disk)?.sizeBytes;
  const diff = diffDocuments(current?.document, document, { ...permits, found, sizeOf });
  // A document that changes nothing loses nothing: it may be applied again.
  if (current !== undefined && diff.changes.length > 0) {
    await refuseStale(records, draft.basedOn, current.version);
  }
  const created = new Set(diff.createDisks);
  assert(
    diff.adoptDisks.every(({ disk }) => !created.has(disk)),
    'the volume of a disk is made, or taken over',
  );
  const ids = volumes.names === undefined ? 0 : diff.createDisks.length;
  const tooLong = lengthRefusal(document, ids * VOLUME_ID_BYTES) ?? [];
  const misfits = await volumeRefusals({ ...permits, volumes, diff, draft, document, entries });
  const refusals = [...diff.refusals, ...misfits].concat(tooLong);
  return { current, document, diff: { ...diff, refusals }, entries };
}
