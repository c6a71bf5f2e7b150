import type { Random } from '../base/random.ts';
import { completeDisks, type FoundVolume } from './disk-identity.ts';
import type { ClusterDocument, DocumentDraft } from './document.ts';
import { completePorts } from './port-identity.ts';

/**
 * Fills in what is generated once: what the draft leaves out is taken from the document that the
 * cluster has (a disk by its uuid or name, a portal by its tag, or its gateway, address and port)
 * or from the volumes that the store has, else generated.
 */
export function completeIdentities(
  draft: DocumentDraft,
  current: ClusterDocument | undefined,
  random: Random,
  found: readonly FoundVolume[] = [],
): ClusterDocument {
  const disks = completeDisks(draft, current, random, found);
  const { basedOn: _basedOn, ...rest } = draft;
  return { ...rest, disks, ...completePorts(draft, current) };
}
