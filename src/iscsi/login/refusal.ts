import type { LoginStatus } from '../standard/login-status.ts';

/** Why a login ends: the status for the initiator, and a sentence for the log (no secrets). */
export interface Refusal {
  readonly refused: LoginStatus;
  readonly reason: string;
}

export function refuse(refused: LoginStatus, reason: string): Refusal {
  return { refused, reason };
}
