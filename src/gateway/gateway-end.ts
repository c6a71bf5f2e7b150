import type { ClosedReason } from '../membership/membership.ts';

/**
 * The reason why a gateway is over. `unfenced`: operations that it submitted are stuck and may land
 * at any time, and it could not fence them itself. `behind`: it
 * missed an event of a logical unit.
 */
export type GatewayEnd = ClosedReason | 'unfenced' | 'behind';

/** The reason that the sessions of an ended gateway get. */
export const END_REASONS: Readonly<Record<GatewayEnd, string>> = {
  closed: 'gateway is fenced',
  behind: 'gateway missed an event of a logical unit',
  cut: 'gateway is cut off from its store',
  unfenced: 'gateway has stuck writes that it cannot fence',
  stalled: 'gateway was stopped for too long',
};
