import type { GatewayStatus } from '../control/channels.ts';

/**
 * The variable by which the demo tells a gateway process its last incarnation under that name. Only
 * the process that has reaped the last one may set it, because the next gateway then does not wait
 * to see it dead.
 */
export const PREVIOUS_VARIABLE = 'ALLPATH_PREVIOUS_INCARNATION';

/** A message of a gateway process to the demo that started it. */
export type GatewayMessage =
  /** Every portal admits logins, of this incarnation. */
  | { readonly kind: 'ready'; readonly incarnation: string }
  | { readonly kind: 'status'; readonly status: GatewayStatus }
  /** It cannot start, and why. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
