import type { Admitted } from './login/login-identity.ts';

/** The identity of a session, by which it is listed and reinstated. */
export interface SessionIdentity extends Admitted {
  /** 12 hex digits. */
  readonly isid: string;
  readonly portalGroupTag: number;
  readonly tsih: number;
  readonly cid: number;
}
