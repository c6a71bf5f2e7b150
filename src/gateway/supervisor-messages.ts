import type { GatewayStatus } from '../control/channels.ts';

/**
 * The variable by which the demo tells a gateway process its last incarnation under that name. Only
 * who has reaped the process that it was of may say so: the next does not wait to see it dead.
 */
export const PREVIOUS_VARIABLE = 'ALLPATH_PREVIOUS_INCARNATION';

/** What a gateway process tells the demo that started it. */
export type GatewayMessage =
  /** Every portal admits logins, of this incarnation. */
  | { readonly kind: 'ready'; readonly incarnation: string }
  | { readonly kind: 'status'; readonly status: GatewayStatus }
  /** It cannot start, and why. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
