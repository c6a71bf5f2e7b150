import type { Admitted } from './login/login-identity.ts';

/** Who has a session, as it is listed and as reinstatement finds it. */
export interface SessionIdentity extends Admitted {
  /** 12 hex digits. */
  readonly isid: string;
  readonly portalGroupTag: number;
  readonly tsih: number;
  readonly cid: number;
}
