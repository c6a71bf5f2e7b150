import type { SocketAddress } from '../base/byte-stream.ts';
import { ISCSI_NAME_LENGTH_MAX } from '../base/iscsi-name.ts';
import { portalText } from '../base/portal-text.ts';
import { printable } from '../base/printable.ts';
import type { LogEventFields } from '../log/catalogue.ts';
import type { LogLimiter } from '../log/log-limiter.ts';
import type { Portal } from './contracts.ts';
import type { LoginClaims } from './login/login-machine.ts';
import type { Refusal } from './login/refusal.ts';
import { networkOf } from './peer-network.ts';
import type { SessionIdentity } from './session-identity.ts';

/** Why a session ended that its initiator closed as the standard wants it. */
export const LOGOUT = 'logout';

/**
 * The log of logins, refusals and logouts on one connection. Lines beyond a peer's bound are only
 * counted.
 */
export class LoginLog {
  readonly #limiter: LogLimiter;
  readonly #network: string;
  readonly #where: Where;

  constructor(limiter: LogLimiter, peer: SocketAddress, portal: Portal) {
    this.#limiter = limiter;
    this.#network = networkOf(peer.address);
    const { address, port, portalGroupTag } = portal;
    this.#where = {
      address: peer.address,
      port: peer.port,
      portal: portalText({ address, port }),
      portalGroupTag,
    };
  }

  login(identity: SessionIdentity): void {
    const fields = { ...namesOfSession(identity), ...this.#where };
    this.#limiter.write('login', fields, this.#network);
  }

  refused(claims: LoginClaims, { refused, reason }: Refusal): void {
    const status = refused.toString(16).padStart(4, '0');
    const fields = { ...namesOf(claims), status, reason, ...this.#where };
    this.#limiter.write('login_refused', fields, `${status} ${this.#network}`);
  }

  /** The connection ended before its login did. */
  abandoned(claims: LoginClaims, reason: string): void {
    const fields = { ...namesOf(claims), reason, ...this.#where };
    this.#limiter.write('login_abandoned', fields, this.#network);
  }

  ended(identity: SessionIdentity, reason: string): void {
    const names = { ...namesOfSession(identity), ...this.#where };
    if (reason === LOGOUT) this.#limiter.write('logout', names, this.#network);
    else this.#limiter.write('session_ended', { ...names, reason }, this.#network);
  }
}

type Where = Pick<LogEventFields<'login'>, 'address' | 'port' | 'portal' | 'portalGroupTag'>;
type Names = Pick<LogEventFields<'login'>, 'session' | 'initiator' | 'target' | 'user'>;

function namesOfSession({ proof, ...identity }: SessionIdentity): Names {
  return namesOf({ ...identity, user: proof?.user });
}

/** Names as a peer gives them: it may not be what it says, and it may say anything. */
function namesOf(names: LoginClaims): Names {
  const { initiatorName, targetName, user } = names;
  const text = (name: string) => printable(name, ISCSI_NAME_LENGTH_MAX);
  return {
    session: targetName === '' ? 'discovery' : 'normal',
    ...(initiatorName === undefined ? {} : { initiator: text(initiatorName) }),
    ...(targetName === undefined || targetName === '' ? {} : { target: text(targetName) }),
    ...(user === undefined ? {} : { user: text(user) }),
  };
}
