import type { GatewayStatus } from '../channels.ts';

/** The state of an answering gateway with regard to the document of `version`. */
export type GatewayState =
  | { readonly kind: 'draining' | 'notInDocument' | 'serving' }
  | { readonly kind: 'servingOlder'; readonly version: number };

export function gatewayState(
  { draining, documentVersion, portals }: GatewayStatus,
  version: number,
): GatewayState {
  if (draining) return { kind: 'draining' };
  // A gateway that left the document has closed its portals.
  if (portals.length === 0) return { kind: 'notInDocument' };
  if (documentVersion >= version) return { kind: 'serving' };
  return { kind: 'servingOlder', version: documentVersion };
}
