import { withoutVolumeIds } from '../../config/disk-identity.ts';
import type { DocumentDraft } from '../../config/document.ts';
import type { ControlContext } from '../control-context.ts';
import { type ChangedDocument, changeDocument } from './change-document.ts';
import { planChange } from './plan-change.ts';

interface ApplyRequest {
  readonly document: DocumentDraft;
  /** Replace changes that were made since the version that the document is based on. */
  readonly force: boolean;
  /** The document comes from another store: ids of volumes in it do not count. */
  readonly otherStore: boolean;
}

/** Makes a document that of the cluster; see `changeDocument`. */
export async function applyDocument(
  context: ControlContext,
  request: ApplyRequest,
): Promise<ChangedDocument> {
  const draft = draftOf(request);
  return await changeDocument(context, () => draft);
}

/** The changes that `applyDocument` would make or refuse, in words. */
export interface DocumentDifference {
  readonly changes: readonly string[];
  readonly refusals: readonly string[];
}

/** Computes the effects of `applyDocument` without changing anything. */
export async function diffDocument(
  context: Pick<ControlContext, 'records' | 'volumes' | 'random'>,
  request: ApplyRequest,
): Promise<DocumentDifference> {
  const draft = draftOf(request);
  const { changes, refusals } = (await planChange(context, () => draft, {})).diff;
  return { changes, refusals };
}

function draftOf({ document, force, otherStore }: ApplyRequest): DocumentDraft {
  const { basedOn, ...rest } = document;
  const based = force || basedOn === undefined ? rest : document;
  return otherStore ? withoutVolumeIds(based) : based;
}
