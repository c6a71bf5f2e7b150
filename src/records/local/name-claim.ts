import type { ProcessIdentity } from '../../host/process-identity.ts';
import type { Member } from '../records.ts';

/** The holder of a member's name: the incarnation and its process. */
export interface NameClaim extends Member {
  readonly process: ProcessIdentity;
}
