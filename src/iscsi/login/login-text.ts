import { KEYS } from '../standard/keys.ts';
import { LoginStatus } from '../standard/login-status.ts';
import type { TextPair } from '../wire/text.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

/** The keys of one login text, by what deals with them. */
interface SortedKeys {
  /** Names and session type, with those of earlier texts. */
  readonly declared: ReadonlyMap<string, string>;
  readonly security: ReadonlyMap<string, string>;
  readonly operational: readonly TextPair[];
}

/** The keys that identify the initiator. */
const IDENTITY: ReadonlySet<string> = new Set(['InitiatorName', 'SessionType', 'TargetName']);

/**
 * Some initiators repeat their identity at the start of the operational stage, which is harmless if
 * it is unchanged.
 */
export function sortKeys(
  pairs: readonly TextPair[],
  declaredBefore: ReadonlyMap<string, string>,
): SortedKeys | Refusal {
  const declared = new Map(declaredBefore);
  const security = new Map<string, string>();
  const operational: TextPair[] = [];
  for (const pair of pairs) {
    const { key, value } = pair;
    if (IDENTITY.has(key)) {
      const before = declared.get(key);
      if (before !== undefined && before !== value) {
        return refuse(LoginStatus.initiatorError, `${key} changed during the login`);
      }
      declared.set(key, value);
    } else if (KEYS.get(key)?.use === 'security') {
      if (security.has(key)) return refuse(LoginStatus.initiatorError, `${key} comes twice`);
      security.set(key, value);
    } else {
      operational.push(pair);
    }
  }
  return { declared, security, operational };
}
