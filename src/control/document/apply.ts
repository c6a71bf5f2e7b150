import { Failure } from '../../base/failure.ts';
import { type DocumentDiff, diffDocuments } from '../../config/diff.ts';
import { withVolume } from '../../config/disk-identity.ts';
import type { ClusterDocument, Disk, DocumentDraft } from '../../config/document.ts';
import { completeIdentities } from '../../config/identity.ts';
import type { VolumeStore } from '../../volume/volume.ts';
import { VolumeEntries } from '../volume-entries.ts';
import { awaitSwitch, type SwitchContext, type Switched } from './await-switch.ts';
import { keepChanges, refuseStale } from './document-changes.ts';
import {
  judgeLength,
  readDocument,
  type VersionedDocument,
  writeDocument,
} from './document-record.ts';
import { judgeVolumes } from './judge-volumes.ts';
import { makeVolumes, markReleased } from './make-volumes.ts';

/** How often a change is computed again because somebody else changed the document meanwhile. */
const ATTEMPTS_MAX = 20;
/** What the id of a volume that is made adds to the document, at most. */
const VOLUME_ID_BYTES = 64;

export interface ApplyContext extends SwitchContext {
  readonly volumes: VolumeStore;
  /** Disks may become smaller, which loses data. */
  readonly mayShrink?: boolean;
  /** A disk whose volume gets the size of the draft even if the document has that already. */
  readonly resized?: string;
  /** A disk may get another volume, and so other data under its identity. */
  readonly mayReplace?: boolean;
  /** False: a disk that is new to the document must not find a volume that is there. */
  readonly mayAdopt?: boolean;
}

/** With the gateways that serve this version now. */
export interface ApplyResult extends VersionedDocument, Switched {
  readonly diff: DocumentDiff;
}

/** Makes the next document of the current one; called again when somebody else was first. */
export type DocumentChange = (current: ClusterDocument | undefined) => DocumentDraft;

/** What a draft comes to beside the document and the volumes of a store. */
export interface DocumentPlan {
  readonly current: VersionedDocument | undefined;
  readonly document: ClusterDocument;
  /** With any refusal nothing may be done. */
  readonly diff: DocumentDiff;
  readonly entries: VolumeEntries;
}

type PlanContext = Omit<ApplyContext, 'living' | 'clock'>;

/**
 * Finds out what `applyDocument` would do, and does nothing. `made`: volumes made for this draft.
 * Rejects with `documentStale` when the draft was made from another version than the current one.
 */
export async function planDocument(
  context: PlanContext,
  change: DocumentChange,
  made: ReadonlySet<string> = new Set(),
): Promise<DocumentPlan> {
  const { records, volumes, random } = context;
  const current = await readDocument(records);
  const draft = change(current?.document);
  const listed = await volumes.list();
  const entries = new VolumeEntries(listed);
  const completed = completeIdentities(draft, current?.document, random, listed);
  const disks = completed.disks.map((disk) => entries.pin(disk));
  const document = { ...completed, disks };
  const found = listed.filter(({ name }) => !made.has(name));
  const sizeOf = (disk: Disk) => entries.of(disk)?.sizeBytes;
  const diff = diffDocuments(current?.document, document, { ...context, found, sizeOf });
  // A document that changes nothing loses nothing: it may be applied again.
  if (current !== undefined && diff.changes.length > 0) {
    await refuseStale(records, draft.basedOn, current.version);
  }
  const ids = volumes.names === undefined ? 0 : diff.createDisks.length;
  const tooLong = judgeLength(document, ids * VOLUME_ID_BYTES) ?? [];
  const misfits = await judgeVolumes({ ...context, diff, draft, document, entries });
  const refusals = [...diff.refusals, ...misfits].concat(tooLong);
  return { current, document, diff: { ...diff, refusals }, entries };
}

/**
 * Changes the document: fills in identities, makes and grows volumes, commits, and resolves when
 * every gateway serves the new version, or is fenced. Deletes no data. Rejects with `applyRefused`
 * or `documentStale` (nothing was done), `applyConflict`, or `applyIncomplete` (committed, but a
 * gateway named in `data` did not say in time that it serves it).
 */
export async function applyDocument(
  context: ApplyContext,
  change: DocumentChange,
): Promise<ApplyResult> {
  const { records, volumes, clock } = context;
  const made = new Map<string, string | undefined>();
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const plan = await planDocument(context, change, new Set(made.keys()));
    const { current, diff, entries } = plan;
    if (diff.refusals.length > 0) {
      throw new Failure('applyRefused', diff.refusals.join('\n'), { refusals: diff.refusals });
    }
    if (current !== undefined && diff.changes.length === 0) {
      return { ...current, diff, ...(await awaitSwitch(context, current.version)) };
    }
    await makeVolumes(volumes, diff, entries, made, context.mayShrink === true);
    await markReleased(volumes, diff.releaseDisks, entries, clock);
    const disks = plan.document.disks.map((disk) => {
      const name = disk.volume?.name ?? disk.name;
      return made.has(name) ? withVolume(disk, { name, id: made.get(name) }) : disk;
    });
    const document = { ...plan.document, disks };
    const version = await writeDocument(records, current?.version ?? 0, document);
    if (version === undefined) continue;
    await keepChanges(records, version, diff.changes);
    return { version, document, diff, ...(await awaitSwitch(context, version)) };
  }
  throw new Failure(
    'applyConflict',
    `gave up after ${ATTEMPTS_MAX} attempts: the document kept changing`,
  );
}
