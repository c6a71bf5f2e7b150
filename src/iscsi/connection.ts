import { assert } from '../base/assert.ts';
import type { ByteStream } from '../base/byte-stream.ts';
import type { Clock } from '../base/clock.ts';
import type { FreeList } from '../base/free-list.ts';
import { systemReason } from '../base/system-reason.ts';
import type { Log } from '../log/log.ts';
import { AnswerProgress } from './answer-progress.ts';
import type { Portal } from './contracts.ts';
import { FullFeaturePhase } from './full-feature-phase.ts';
import { Intake, type IntakeParts } from './intake.ts';
import type { IscsiTask } from './iscsi-task.ts';
import {
  LOGIN_SEND_QUEUE_BYTES_MAX,
  LOGOUT_REQUEST_TIMEOUT_MS,
  SEND_QUEUE_BYTES_MAX,
} from './limits.ts';
import { authorizeSession } from './login/login-identity.ts';
import type { Refusal } from './login/refusal.ts';
import { type LoginOptions, LoginPhase } from './login-phase.ts';
import { PeerWatch, type WatchedConnection } from './peer-watch.ts';
import type { Session } from './session.ts';
import type { SessionIdentity } from './session-identity.ts';
import type { RegisteredSession } from './session-registry.ts';
import { sendLogoutRequest } from './session-requests.ts';
import type { FramingFault } from './wire/pdu-reader.ts';
import { SendQueue } from './wire/send-queue.ts';

interface ConnectionOptions
  extends LoginOptions,
    Pick<IntakeParts, 'stream' | 'loginPool' | 'turnShares' | 'mayAct'> {
  readonly portal: Portal;
  readonly clock: Clock;
  readonly log: Log;
  /** Tasks that are not in use, of all sessions. */
  readonly tasks: FreeList<IscsiTask>;
  /** The login is over: the session exists. */
  readonly onSession: (connection: Connection) => void;
  /** The connection is closed, and its session has no command in flight. Called once. */
  readonly onClosed: (connection: Connection) => void;
}

/**
 * A TCP connection: its login, then its session, and its end, which releases everything exactly
 * once. `Intake` reads it.
 */
export class Connection implements RegisteredSession {
  /** Where the peer is, as shares are counted. */
  readonly network: string;
  readonly #options: ConnectionOptions;
  readonly #stream: ByteStream;
  readonly #queue: SendQueue;
  readonly #watch: PeerWatch;
  readonly #login: LoginPhase;
  readonly #intake: Intake;
  #session: Session | undefined;
  #state: 'open' | 'ending' | 'closed' = 'open';
  #whenClosed: (() => void)[] = [];
  #gone = false;
  #endReason: string | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.network = options.network;
    this.#stream = options.stream;
    this.#queue = new SendQueue(
      options.stream,
      options.loginPool,
      options.clock,
      LOGIN_SEND_QUEUE_BYTES_MAX,
    );
    this.#queue.onSent = () => this.#onSent();
    this.#login = new LoginPhase(options, this.#queue, {
      established: (session) => this.#enterFullFeaturePhase(session),
      end: (reason, when) => this.end(reason, when),
      resume: () => this.#intake.recheck(),
    });
    this.#watch = new PeerWatch(options.clock, this.#watched());
    this.#intake = new Intake({
      stream: options.stream,
      clock: options.clock,
      loginPool: options.loginPool,
      turnShares: options.turnShares,
      mayAct: options.mayAct,
      queue: this.#queue,
      watch: this.#watch,
      login: this.#login,
      onFramingFault: (fault) => this.#onFramingFault(fault),
      onClosed: (error) => this.#onClosed(error),
    });
    this.#intake.start();
  }

  get session(): Session | undefined {
    return this.#session;
  }

  get identity(): SessionIdentity {
    if (this.#session === undefined) throw new Error('a connection without session is not listed');
    return this.#session.identity;
  }

  /** Why a login as this one would be refused now; undefined: it would not be. */
  get refusal(): Refusal | undefined {
    const { portal, context } = this.#options;
    const rules = { directory: context.directory, portal, chap: context.settings.chap };
    const authorized = authorizeSession(this.identity, rules);
    return 'refused' in authorized ? authorized : undefined;
  }

  /** PDUs that were left may be taken now. */
  recheck(): void {
    this.#intake.recheck();
  }

  /** Ends the connection: at once, or when its queued PDUs have left (bounded). */
  end(reason: string, when: 'now' | 'afterSending'): void {
    if (when === 'now') {
      this.#finish(reason);
      return;
    }
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    this.#intake.stop();
    this.#endReason = reason;
    this.#options.log.write('connection_ending', { reason });
    // No PDU may follow the last one: commands in flight end without an answer.
    void this.#session?.close();
    this.#watch.beginEnd(reason);
    this.#queue.flush();
    if (this.#queue.idle) this.#stream.end();
  }

  terminate(reason: string): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#gone) resolve();
      else this.#whenClosed.push(resolve);
    });
    this.#finish(reason);
    return closed;
  }

  /** Asks the initiator to log out (draining); closes when it does not within the bound. */
  requestLogout(): void {
    if (this.#session === undefined || this.#state !== 'open') return;
    sendLogoutRequest(this.#session.writer, Math.ceil(LOGOUT_REQUEST_TIMEOUT_MS / 1000));
    this.#watch.expectLogout();
  }

  #enterFullFeaturePhase(session: Session): void {
    if (this.#state !== 'open') {
      void session.close();
      return;
    }
    assert(this.#session === undefined, 'a connection has one session');
    this.#session = session;
    if (session.nexus !== undefined) this.#queue.usePool(session.account, SEND_QUEUE_BYTES_MAX);
    this.#intake.enterFullFeaturePhase(this.#fullFeaturePhaseOf(session), session);
    this.#watch.begin(session);
    this.#options.onSession(this);
  }

  #fullFeaturePhaseOf(session: Session): FullFeaturePhase {
    const { tasks, clock, log } = this.#options;
    return new FullFeaturePhase({
      session,
      tasks,
      clock,
      log,
      end: (reason, when) => this.end(reason, when),
    });
  }

  #watched(): WatchedConnection {
    const stream = this.#stream;
    return {
      progress: new AnswerProgress(this.#queue, stream),
      isWithinPdu: () => this.#intake.isWithinPdu,
      unacknowledgedBytes: () => stream.unacknowledgedBytes,
      lost: (reason) => this.#finish(reason),
    };
  }

  #onSent(): void {
    this.#session?.account.sent();
    if (this.#state === 'ending' && this.#queue.idle) this.#stream.end();
    else this.#intake.sent();
  }

  #onFramingFault(fault: FramingFault): void {
    this.#finish(fault === 'headerDigestError' ? 'header digest error' : 'PDU too long');
  }

  #onClosed(error: Error | undefined): void {
    const isFault = error !== undefined;
    this.#finish(isFault ? `connection: ${systemReason(error)}` : 'closed by the initiator');
  }

  #finish(reason: string): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#watch.stop();
    this.#stream.destroy();
    this.#intake.close();
    this.#queue.close();
    // When a connection ends in two steps, the first one gives the reason.
    const why = this.#endReason ?? reason;
    this.#login.abandon(why);
    const session = this.#session;
    this.#options.log.write('connection_closed', { reason: why });
    if (session !== undefined) this.#options.loginLog.ended(session.identity, why);
    if (session === undefined) this.#closedWhole();
    else void session.close().then(() => this.#closedWhole());
  }

  #closedWhole(): void {
    assert(!this.#gone, 'a connection is over once');
    this.#gone = true;
    this.#options.onClosed(this);
    const waiters = this.#whenClosed;
    this.#whenClosed = [];
    for (const each of waiters) each();
  }
}
