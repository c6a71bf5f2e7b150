import { assert } from '../../base/assert.ts';
import { Failure } from '../../base/failure.ts';
import type { DocumentDiff } from '../../config/diff.ts';
import { withVolume } from '../../config/disk-identity.ts';
import type { Disk } from '../../config/document.ts';
import type { VolumeStore } from '../../volume/volume.ts';
import type { ControlContext } from '../control-context.ts';
import { awaitSwitch, type Switched } from './await-switch.ts';
import { keepChanges } from './document-changes.ts';
import { type VersionedDocument, writeDocument } from './document-record.ts';
import { makeVolumes, markImported, markVolumes } from './make-volumes.ts';
import { type ChangePermits, type DocumentChange, planChange } from './plan-change.ts';

/** A change is computed at most this often, because others change the document meanwhile. */
const ATTEMPTS_MAX = 20;

/** With the gateways that serve this version now. */
export interface ChangedDocument extends VersionedDocument, Switched {
  readonly diff: DocumentDiff;
}

async function noteImported(
  volumes: VolumeStore,
  disks: readonly Disk[],
  permits: ChangePermits,
): Promise<void> {
  const imported = disks.find(({ uuid }) => uuid === permits.imported);
  if (imported !== undefined) await markImported(volumes, imported);
}

/**
 * Changes the document: fills in identities, makes and grows volumes, commits, and resolves when
 * every gateway serves the new version, or is fenced. Deletes no data. Rejects with `applyRefused`
 * or `documentStale` (nothing was done), `applyConflict`, or `applyIncomplete` (committed, but a
 * gateway named in `data` did not say in time that it serves it).
 */
export async function changeDocument(
  context: ControlContext,
  change: DocumentChange,
  permits: ChangePermits = {},
): Promise<ChangedDocument> {
  const { records, volumes, clock } = context;
  const made = new Map<string, string | undefined>();
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const plan = await planChange(context, change, permits, new Set(made.keys()));
    const { current, diff, entries } = plan;
    if (diff.refusals.length > 0) {
      throw new Failure('applyRefused', diff.refusals.join('\n'), { refusals: diff.refusals });
    }
    if (current !== undefined && diff.changes.length === 0) {
      // The document has the disk already, and its volume does not say so.
      await noteImported(volumes, current.document.disks, permits);
      return { ...current, diff, ...(await awaitSwitch(context, current.version)) };
    }
    assert(diff.refusals.length === 0, 'nothing is done of what was refused');
    await makeVolumes(volumes, diff, entries, made, permits.mayShrink === true);
    await markVolumes(volumes, diff.releaseDisks, entries, clock);
    const disks = plan.document.disks.map((disk) => {
      const name = disk.volume?.name ?? disk.name;
      return made.has(name) ? withVolume(disk, { name, id: made.get(name) }) : disk;
    });
    assert(disks.length === plan.document.disks.length, 'what is planned is what is committed');
    const document = { ...plan.document, disks };
    const version = await writeDocument(records, current?.version ?? 0, document);
    if (version === undefined) continue;
    assert(version > (current?.version ?? 0), 'a committed document is the newest');
    // Not earlier: of several callers, the one whose document is committed decides which disk owns
    // the data.
    const adopted = diff.adoptDisks.map(({ disk }) => disk);
    await markVolumes(volumes, adopted, entries, clock);
    await noteImported(volumes, disks, permits);
    await keepChanges(records, version, diff.changes);
    return { version, document, diff, ...(await awaitSwitch(context, version)) };
  }
  throw new Failure(
    'applyConflict',
    `gave up after ${ATTEMPTS_MAX} attempts: the document kept changing`,
  );
}
