// A cluster document of a test, made whole as `apply` does it.

import type { ClusterDocument, DocumentDraft } from '../../src/config/document.ts';
import { completeIdentities } from '../../src/config/identity.ts';
import { parseDocument } from '../../src/config/parse.ts';
import { SeededRandom } from './seeded-random.ts';

/** `parts`: the document without its format version. Throws what is wrong with it. */
export function documentDraft(parts: object): DocumentDraft {
  const parsed = parseDocument(JSON.stringify({ formatVersion: 1, ...parts }));
  if (parsed.ok) return parsed.document;
  throw new Error(JSON.stringify(parsed.problems));
}

export function clusterDocument(parts: object): ClusterDocument {
  return completeIdentities(documentDraft(parts), undefined, new SeededRandom(1));
}
