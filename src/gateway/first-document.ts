import { didYouMean } from '../base/closest-name.ts';
import { Failure } from '../base/failure.ts';
import type { ClusterDocument } from '../config/document.ts';
import { requireDocument } from '../control/document/document-record.ts';
import type { Records } from '../records/records.ts';

/**
 * The document that a gateway of this name starts with. Rejects with `documentMissing`, or with
 * `gatewayUnknown` if the document lacks the gateway.
 */
export async function readFirstDocument(
  records: Records,
  gateway: string,
): Promise<ClusterDocument> {
  const { document } = await requireDocument(records);
  const names = document.gateways.map(({ name }) => name);
  if (names.includes(gateway)) return document;
  const hasInstead = `; it has ${names.join(', ') || 'none'}`;
  throw new Failure(
    'gatewayUnknown',
    `the document has no gateway ${gateway}${didYouMean(gateway, names) || hasInstead}`,
    { names },
  );
}
