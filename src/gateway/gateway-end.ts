import type { ClosedReason } from '../membership/membership.ts';

/**
 * The reason why a gateway is over. `unfenced`: operations that it submitted are stuck and may land
 * at any time, and it could not fence them itself.
 */
export type GatewayEnd = ClosedReason | 'unfenced';

/** The reason that the sessions of an ended gateway get. */
export const END_REASONS: Readonly<Record<GatewayEnd, string>> = {
  closed: 'gateway is fenced',
  cut: 'gateway is cut off from its store',
  unfenced: 'gateway has stuck writes that it cannot fence',
  stalled: 'gateway was stopped for too long',
};
