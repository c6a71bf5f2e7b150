import { prepareName } from '../../base/iscsi-name.ts';
import type { Admission, Authentication, Directory, Portal, TargetEntry } from '../contracts.ts';
import { LoginStatus } from '../standard/login-status.ts';
import type { ChapSettings } from './chap.ts';
import { isStillProved, type LoginProof } from './login-proof.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

/** The initiator and the target of a login, known when its first text is complete. */
export interface LoginIdentity {
  /** In prepared form (lower case). */
  readonly initiatorName: string;
  readonly sessionType: 'normal' | 'discovery';
  /** Undefined in discovery sessions. */
  readonly target: TargetEntry | undefined;
  readonly admission: Admission | undefined;
  /** The credentials that must be proved; undefined: none. */
  readonly authentication: Authentication | undefined;
}

/**
 * The facts by which a login was admitted: enough to check it against another version of the
 * document.
 */
export interface Admitted {
  /** In prepared form (lower case). */
  readonly initiatorName: string;
  /** Empty for a discovery session. */
  readonly targetName: string;
  /** Undefined: nothing was proved. */
  readonly proof: LoginProof | undefined;
}

/** The current rules for a login. */
interface LoginRules {
  readonly directory: Directory;
  /** Where the connection came in. */
  readonly portal: Portal;
  readonly chap: ChapSettings;
}

/** Reads the declarations of the leading text, and checks them against the directory. */
export function identify(
  declared: ReadonlyMap<string, string>,
  rules: Omit<LoginRules, 'chap'>,
): LoginIdentity | Refusal {
  const name = declared.get('InitiatorName');
  if (name === undefined) return refuse(LoginStatus.missingParameter, 'no InitiatorName');
  const initiatorName = prepareName(name);
  if (initiatorName === undefined) {
    return refuse(LoginStatus.initiatorError, 'InitiatorName is not an iSCSI name');
  }
  const type = declared.get('SessionType') ?? 'Normal';
  if (type === 'Discovery') return admitUnlessDraining(initiatorName, '', rules);
  if (type !== 'Normal') {
    return refuse(LoginStatus.sessionTypeNotSupported, 'unknown SessionType');
  }
  const targetName = declared.get('TargetName');
  if (targetName === undefined || targetName === '') {
    return refuse(LoginStatus.missingParameter, 'no TargetName');
  }
  return admitUnlessDraining(initiatorName, prepareName(targetName) ?? targetName, rules);
}

/** Authorizes a login at its end: the document may have changed since its first text. */
export function authorizeLogin(admitted: Admitted, rules: LoginRules): LoginIdentity | Refusal {
  if (rules.directory.draining) return DRAINING;
  return authorizeSession(admitted, rules);
}

/** Whether a session could log in again as it did; sessions of a draining gateway stay. */
export function authorizeSession(admitted: Admitted, rules: LoginRules): LoginIdentity | Refusal {
  const { initiatorName, targetName, proof } = admitted;
  const now = admit(initiatorName, targetName, rules);
  if ('refused' in now || isStillProved(proof, now.authentication, rules.chap)) return now;
  return refuse(
    LoginStatus.authenticationFailure,
    proof === undefined ? 'authentication is demanded now' : 'credentials changed',
  );
}

const DRAINING = refuse(LoginStatus.serviceUnavailable, 'draining');

function admitUnlessDraining(
  initiatorName: string,
  targetName: string,
  rules: Omit<LoginRules, 'chap'>,
): LoginIdentity | Refusal {
  return rules.directory.draining ? DRAINING : admit(initiatorName, targetName, rules);
}

/** `targetName`: empty for a discovery session. */
function admit(
  initiatorName: string,
  targetName: string,
  { directory, portal }: Omit<LoginRules, 'chap'>,
): LoginIdentity | Refusal {
  if (!directory.hasPortal(portal)) return refuse(LoginStatus.notFound, 'no such portal');
  if (targetName === '') {
    const authentication = directory.discoveryAuthentication;
    const nothing = { target: undefined, admission: undefined };
    return { initiatorName, sessionType: 'discovery', ...nothing, authentication };
  }
  const target = directory.findTarget(targetName, portal);
  if (target === undefined) return refuse(LoginStatus.notFound, 'no such target here');
  const admission = target.admit(initiatorName);
  if (admission === undefined) {
    return refuse(LoginStatus.authorizationFailure, 'initiator is not on the access list');
  }
  const { authentication } = admission;
  return { initiatorName, sessionType: 'normal', target, admission, authentication };
}
