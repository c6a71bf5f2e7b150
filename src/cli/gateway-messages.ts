import type { GatewayStatus } from '../gateway/channels.ts';

/** What a gateway process tells the demo that started it. */
export type GatewayMessage =
  /** Every portal admits logins. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'status'; readonly status: GatewayStatus }
  /** It cannot start, and why. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
