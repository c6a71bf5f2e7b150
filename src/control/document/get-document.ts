import type { ClusterDocument } from '../../config/document.ts';
import { redactSecrets } from '../../config/redact.ts';
import type { ControlContext } from '../control-context.ts';
import { requireDocument } from './document-record.ts';

/** The document as `applyDocument` takes it back: it names the version that it is based on. */
export type BasedDocument = ClusterDocument & { readonly basedOn: number };

/** Resolves with the document of the cluster. Rejects with `documentMissing`. */
export async function getDocument(
  { records }: Pick<ControlContext, 'records'>,
  { withSecrets }: { readonly withSecrets: boolean },
): Promise<BasedDocument> {
  const { version, document } = await requireDocument(records);
  const { formatVersion, ...rest } = withSecrets ? document : redactSecrets(document);
  return { formatVersion, basedOn: version, ...rest };
}
