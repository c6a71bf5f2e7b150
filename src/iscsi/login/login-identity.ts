import type { Admission, Authentication, Directory, Portal, TargetEntry } from '../contracts.ts';
import { prepareName } from '../names.ts';
import { LoginStatus } from '../standard/login-status.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

/** Who logs in, and to what: known when the first text of a login is whole. */
export interface LoginIdentity {
  /** In prepared form (lower case). */
  readonly initiatorName: string;
  readonly sessionType: 'normal' | 'discovery';
  /** Undefined in discovery sessions. */
  readonly target: TargetEntry | undefined;
  readonly admission: Admission | undefined;
  /** What must be proved; undefined: nothing. */
  readonly authentication: Authentication | undefined;
}

/** Reads the leading text's declarations and judges them by the directory. */
export function identify(
  declared: ReadonlyMap<string, string>,
  directory: Directory,
  portal: Portal,
): LoginIdentity | Refusal {
  const name = declared.get('InitiatorName');
  if (name === undefined) return refuse(LoginStatus.missingParameter, 'no InitiatorName');
  const initiatorName = prepareName(name);
  if (initiatorName === undefined) {
    return refuse(LoginStatus.initiatorError, 'InitiatorName is no iSCSI name');
  }
  switch (declared.get('SessionType') ?? 'Normal') {
    case 'Discovery':
      return admitDiscovery(initiatorName, directory);
    case 'Normal':
      break;
    default:
      return refuse(LoginStatus.sessionTypeNotSupported, 'unknown SessionType');
  }
  const targetName = declared.get('TargetName');
  if (targetName === undefined) return refuse(LoginStatus.missingParameter, 'no TargetName');
  return admitNormal(initiatorName, prepareName(targetName) ?? targetName, directory, portal);
}

/** Judges an identity again, by what the directory says now. */
export function judgeAgain(
  identity: LoginIdentity,
  directory: Directory,
  portal: Portal,
): LoginIdentity | Refusal {
  const { initiatorName, target } = identity;
  const now =
    target === undefined
      ? admitDiscovery(initiatorName, directory)
      : admitNormal(initiatorName, target.targetName, directory, portal);
  if ('refused' in now) return now;
  if (!sameProof(identity.authentication, now.authentication)) {
    return refuse(LoginStatus.authenticationFailure, 'credentials changed during the login');
  }
  return now;
}

function admitDiscovery(initiatorName: string, directory: Directory): LoginIdentity | Refusal {
  if (directory.draining) return refuse(LoginStatus.serviceUnavailable, 'draining');
  return {
    initiatorName,
    sessionType: 'discovery',
    target: undefined,
    admission: undefined,
    authentication: directory.discoveryAuthentication,
  };
}

function admitNormal(
  initiatorName: string,
  targetName: string,
  directory: Directory,
  portal: Portal,
): LoginIdentity | Refusal {
  if (directory.draining) return refuse(LoginStatus.serviceUnavailable, 'draining');
  const target = directory.findTarget(targetName, portal);
  if (target === undefined) return refuse(LoginStatus.notFound, 'no such target here');
  const admission = target.admit(initiatorName);
  if (admission === undefined) {
    return refuse(LoginStatus.authorizationFailure, 'initiator is not on the access list');
  }
  return {
    initiatorName,
    sessionType: 'normal',
    target,
    admission,
    authentication: admission.authentication,
  };
}

/** Whether what was proved is what is asked for now; nothing asked for is always proved. */
function sameProof(proved: Authentication | undefined, asked: Authentication | undefined): boolean {
  if (asked === undefined) return true;
  if (proved === undefined) return false;
  const [a, b] = [proved.initiator, asked.initiator];
  return (
    a.user === b.user &&
    a.secret.length === b.secret.length &&
    a.secret.every((byte, i) => byte === b.secret[i])
  );
}
