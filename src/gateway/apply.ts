import { Failure } from '../base/failure.ts';
import { type DocumentDiff, diffDocuments } from '../config/diff.ts';
import type { ClusterDocument, DocumentDraft } from '../config/document.ts';
import { completeIdentities } from '../config/identity.ts';
import type { VolumeStore } from '../volume/volume.ts';
import { awaitSwitch, type SwitchContext } from './await-switch.ts';
import { readDocument, type VersionedDocument, writeDocument } from './document-record.ts';
import { prepareVolumes } from './prepare-volumes.ts';

/** How often a change is computed anew because somebody else changed the document meanwhile. */
const ATTEMPTS_MAX = 20;

export interface ApplyContext extends SwitchContext {
  readonly volumes: VolumeStore;
  /** Disks may become smaller, which loses data. */
  readonly mayShrink?: boolean;
}

export interface ApplyResult extends VersionedDocument {
  readonly diff: DocumentDiff;
  /** Gateways that serve this version now. */
  readonly gateways: readonly string[];
}

/** Makes the next document of the current one; called again when somebody else was first. */
export type DocumentChange = (current: ClusterDocument | undefined) => DocumentDraft;

/**
 * Changes the document: fills in identities, makes and grows volumes, commits, and resolves when
 * every gateway serves the new version, or is fenced. Deletes no data. Rejects with `applyRefused`
 * (nothing was done), `applyConflict`, or `applyIncomplete` (committed, but a gateway named in
 * `data` did not say in time that it serves it).
 */
export async function applyDocument(
  context: ApplyContext,
  change: DocumentChange,
): Promise<ApplyResult> {
  const { records, volumes, random, mayShrink = false } = context;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const current = await readDocument(records);
    const document = completeIdentities(change(current?.document), current?.document, random);
    const diff = diffDocuments(current?.document, document, mayShrink);
    if (diff.refusals.length > 0) {
      throw new Failure('applyRefused', diff.refusals.join('\n'), { refusals: diff.refusals });
    }
    if (current !== undefined && diff.changes.length === 0) {
      const gateways = await awaitSwitch(context, current.version);
      return { version: current.version, document: current.document, diff, gateways };
    }
    await prepareVolumes(volumes, diff);
    const version = await writeDocument(records, current?.version ?? 0, document);
    if (version === undefined) continue;
    const gateways = await awaitSwitch(context, version);
    return { version, document, diff, gateways };
  }
  throw new Failure('applyConflict', 'others change the document all the time');
}
