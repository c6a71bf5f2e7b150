import { type Clock, sleep } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Random } from '../base/random.ts';
import { type DocumentDiff, diffDocuments } from '../config/diff.ts';
import type { ClusterDocument, DocumentDraft } from '../config/document.ts';
import { completeIdentities } from '../config/identity.ts';
import { MembersObject } from '../members/members-object.ts';
import type { Records } from '../records/records.ts';
import type { VolumeStore } from '../volume/volume.ts';
import { DOCUMENT_CHANNEL, decodeMessage, encodeMessage, type SwitchAnswer } from './channels.ts';
import { readDocument, type VersionedDocument, writeDocument } from './document-record.ts';
import { prepareVolumes } from './prepare-volumes.ts';

/** How often a change is computed anew because somebody else changed the document meanwhile. */
const ATTEMPTS_MAX = 20;
/** How long `apply` waits for the gateways. */
export const SWITCH_WAIT_MAX_MS = 10_000;
const NOTIFY_TIMEOUT_MS = 2_000;
const NOTIFY_PAUSE_MS = 200;

export interface ApplyContext {
  readonly records: Records;
  readonly volumes: VolumeStore;
  readonly clock: Clock;
  readonly random: Random;
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
 * every living gateway serves the new version. Deletes no data. Rejects with `applyRefused`
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

/** Resolves with the names of the gateways, all of which serve `version` or a later one. */
async function awaitSwitch(
  { records, clock, random }: ApplyContext,
  version: number,
): Promise<readonly string[]> {
  // Read with every heartbeat: a gateway that a notification does not reach follows all the same.
  await new MembersObject({ records, clock, random }).raiseDocumentVersion(version);
  const deadline = clock.now() + SWITCH_WAIT_MAX_MS;
  const request = encodeMessage({ version });
  for (;;) {
    const { answers, missing } = await records.notify(DOCUMENT_CHANNEL, request, NOTIFY_TIMEOUT_MS);
    const behind = answers.flatMap(({ from, payload }) => {
      const { version: served = 0, reason } = decodeMessage<SwitchAnswer>(payload) ?? {};
      return served < version ? [{ name: from.name, reason }] : [];
    });
    const silent = missing.map(({ name }) => ({ name, reason: 'no answer' }));
    const waiting = [...behind, ...silent];
    if (waiting.length === 0) return answers.map(({ from }) => from.name).sort();
    if (clock.now() >= deadline) {
      const names = waiting.map(({ name }) => name);
      const words = waiting.map(({ name, reason }) => (reason ? `${name} (${reason})` : name));
      throw new Failure(
        'applyIncomplete',
        `version ${version} is committed, but not served yet by ${words.join(', ')}`,
        { version, gateways: names },
      );
    }
    await sleep(clock, NOTIFY_PAUSE_MS);
  }
}
