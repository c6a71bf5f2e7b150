import type { ClusterDocument } from './document.ts';
import { documentSchema } from './schema.ts';

/** The document that a first disk comes into: it has nothing but settings, at their defaults. */
export function emptyDocument(): ClusterDocument {
  const { formatVersion, settings, discovery } = documentSchema.parse({ formatVersion: 1 });
  const lists = { disks: [], gateways: [], targets: [] };
  return { formatVersion, settings, discovery, ...lists, nextRelativePortIdentifier: 1 };
}
