import type { Random } from '../../base/random.ts';
import type { Authentication } from '../contracts.ts';
import { LoginStatus } from '../standard/login-status.ts';
import type { TextPair } from '../wire/text.ts';
import type { ChapSettings, ChapState } from './chap.ts';
import { stepChap } from './chap.ts';
import { type LoginProof, proofOf } from './login-proof.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

/** How far the security stage has come. */
interface SecurityState {
  readonly method: 'undecided' | 'None' | 'CHAP';
  readonly chap: ChapState;
}

export const SECURITY_START: SecurityState = {
  method: 'undecided',
  chap: { kind: 'awaitAlgorithm' },
};

interface SecurityStep {
  readonly state: SecurityState;
  readonly replies: readonly TextPair[];
}

/** The proof; undefined when none was required. */
export function proofIn(
  state: SecurityState,
  required: Authentication | undefined,
): LoginProof | undefined {
  if (required === undefined || state.chap.kind !== 'authenticated') return undefined;
  return proofOf(required, state.chap);
}

/** Whether the login may leave the stage, or was never bound to enter it. */
export function isProved(state: SecurityState, required: Authentication | undefined): boolean {
  return required === undefined || state.chap.kind === 'authenticated';
}

/** Takes the security keys of one text. */
export function stepSecurity(
  before: SecurityState,
  keys: ReadonlyMap<string, string>,
  required: Authentication | undefined,
  random: Random,
  settings: ChapSettings,
): SecurityStep | Refusal {
  const { AuthMethod: offered, ...rest } = Object.fromEntries(keys);
  let { method } = before;
  const replies: TextPair[] = [];
  if (offered !== undefined) {
    if (method !== 'undecided') {
      return refuse(LoginStatus.initiatorError, 'AuthMethod is negotiated twice');
    }
    method = required === undefined ? 'None' : 'CHAP';
    if (!offered.split(',').includes(method)) {
      return refuse(LoginStatus.authenticationFailure, `initiator does not offer ${method}`);
    }
    replies.push({ key: 'AuthMethod', value: method });
  }
  const exchange = new Map(Object.entries(rest));
  if (exchange.size === 0) return { state: { ...before, method }, replies };
  if (method !== 'CHAP' || required === undefined) {
    return refuse(LoginStatus.authenticationFailure, 'CHAP keys without CHAP');
  }
  const step = stepChap(before.chap, exchange, required, random, settings);
  if (step === undefined) return refuse(LoginStatus.authenticationFailure, 'CHAP failed');
  return { state: { method, chap: step.state }, replies: [...replies, ...step.replies] };
}
