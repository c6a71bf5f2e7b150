import type { Chap } from '../../config/document.ts';
import type { Authentication, Credentials } from '../../iscsi/contracts.ts';

/** CHAP of the document as the transport takes it. */
export function authenticationOf(chap: Chap | undefined): Authentication | undefined {
  if (chap === undefined) return undefined;
  return {
    initiator: credentials(chap.user, chap.secret),
    target:
      chap.mutual === undefined ? undefined : credentials(chap.mutual.user, chap.mutual.secret),
  };
}

function credentials(user: string, secret: string): Credentials {
  return { user, secret: new TextEncoder().encode(secret) };
}
