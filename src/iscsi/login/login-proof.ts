import { createHash } from 'node:crypto';

import type { Authentication, Credentials } from '../contracts.ts';
import { type ChapResult, type ChapSettings, MD5_NUMBER } from './chap.ts';

/**
 * The proofs that the two sides gave each other in a login. They outlive the login, so that a
 * session can be checked against a later version of the document; they are digests, not the
 * secrets.
 */
export interface LoginProof {
  /** CHAP user name of the initiator. */
  readonly user: string;
  readonly initiator: string;
  /** The proof of the target; undefined when the initiator did not ask. */
  readonly target: string | undefined;
  /** Number of the CHAP algorithm. */
  readonly algorithm: number;
}

export function proofOf(authentication: Authentication, chap: ChapResult): LoginProof {
  const { initiator, target } = authentication;
  return {
    user: initiator.user,
    initiator: digestOf(initiator),
    target: chap.isMutual && target !== undefined ? digestOf(target) : undefined,
    algorithm: chap.algorithm,
  };
}

/** Whether a login with this proof would meet the current requirements. */
export function isStillProved(
  proof: LoginProof | undefined,
  asked: Authentication | undefined,
  settings: ChapSettings,
): boolean {
  if (asked === undefined) return true;
  if (proof === undefined || proof.initiator !== digestOf(asked.initiator)) return false;
  if (proof.algorithm === MD5_NUMBER && !settings.md5) return false;
  if (proof.target === undefined) return true;
  return asked.target !== undefined && proof.target === digestOf(asked.target);
}

function digestOf({ user, secret }: Credentials): string {
  const hash = createHash('sha256');
  return hash.update(`${user.length} ${user} `).update(secret).digest('base64');
}
