import type { ClosedReason } from '../membership/membership.ts';

/**
 * Why a gateway is over. `unfenced`: what it has submitted is stuck and may land at any time, and
 * it could not fence that itself.
 */
export type GatewayEnd = ClosedReason | 'unfenced';

/** What the sessions of a gateway that is over end with. */
export const END_REASONS: Readonly<Record<GatewayEnd, string>> = {
  closed: 'gateway is fenced',
  cut: 'gateway is cut off from its store',
  unfenced: 'gateway has stuck writes that it cannot fence',
  stalled: 'gateway was stopped for too long',
};
