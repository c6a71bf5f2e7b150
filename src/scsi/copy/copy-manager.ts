import type { IdentifiedCopies } from './identified-copies.ts';
import type { RodTokens } from './rod-tokens.ts';

/** What copies share with those of other gateways. */
export interface CopyManager {
  readonly tokens: RodTokens;
  readonly copies: IdentifiedCopies;
}
