import { assert } from '../base/assert.ts';
import type { ByteStream, StreamReader } from '../base/byte-stream.ts';
import type { Clock } from '../base/clock.ts';
import type { FreeList } from '../base/free-list.ts';
import type { Log } from '../base/log.ts';
import type { SlabSource } from '../base/slab-pool.ts';
import { systemReason } from '../base/system-reason.ts';
import { AnswerProgress } from './answer-progress.ts';
import type { Portal } from './contracts.ts';
import { FullFeaturePhase } from './full-feature-phase.ts';
import type { IscsiTask } from './iscsi-task.ts';
import {
  LOGIN_DATA_SEGMENT_BYTES_MAX,
  LOGIN_SEND_QUEUE_BYTES_MAX,
  LOGOUT_REQUEST_TIMEOUT_MS,
  RECEIVE_DATA_SEGMENT_BYTES_MAX,
  SEND_QUEUE_BYTES_MAX,
} from './limits.ts';
import { judgeSession } from './login/login-identity.ts';
import type { Refusal } from './login/refusal.ts';
import { type LoginOptions, LoginPhase } from './login-phase.ts';
import { PeerWatch, type WatchedConnection } from './peer-watch.ts';
import type { Session } from './session.ts';
import type { SessionIdentity } from './session-identity.ts';
import type { RegisteredSession } from './session-registry.ts';
import { sendLogoutRequest } from './session-requests.ts';
import { TurnShare, type TurnShares } from './turn-share.ts';
import type { Pdu } from './wire/pdu.ts';
import { type FramingFault, type PduConsumer, PduReader } from './wire/pdu-reader.ts';
import { SendQueue } from './wire/send-queue.ts';

export interface ConnectionOptions extends LoginOptions {
  readonly stream: ByteStream;
  readonly portal: Portal;
  readonly clock: Clock;
  readonly log: Log;
  /** Buffers for logins and discovery sessions: small, because the peer may be a stranger. */
  readonly loginPool: SlabSource;
  readonly turnShares: TurnShares;
  /** Tasks that are not in use, of all sessions. */
  readonly tasks: FreeList<IscsiTask>;
  /** Whether PDUs may be taken now; when not, `recheck` is called once they may be. */
  readonly mayAct: () => boolean;
  /** The login is over: the session exists. */
  readonly onSession: (connection: Connection) => void;
  /** The connection is no more, and nothing of its session is under way. Called once. */
  readonly onClosed: (connection: Connection) => void;
}

/**
 * A TCP connection: when it is read, which phase its PDUs go to, and its end, which releases
 * everything exactly once.
 */
export class Connection implements PduConsumer, StreamReader, RegisteredSession {
  /** Where the peer is, as shares are counted. */
  readonly network: string;
  readonly #options: ConnectionOptions;
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #reader: PduReader;
  readonly #queue: SendQueue;
  readonly #watch: PeerWatch;
  readonly #login: LoginPhase;
  readonly #turn: TurnShare;
  #session: Session | undefined;
  #fullFeature: FullFeaturePhase | undefined;
  #state: 'open' | 'ending' | 'closed' = 'open';
  #paused = false;
  /** Asked once for all that came in together. */
  #mayAct = true;
  #resumeScheduled = false;
  #whenClosed: (() => void)[] = [];
  #gone = false;
  #endReason: string | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.network = options.network;
    this.#stream = options.stream;
    this.#clock = options.clock;
    this.#turn = new TurnShare(options.turnShares);
    this.#reader = new PduReader(this, options.loginPool, LOGIN_DATA_SEGMENT_BYTES_MAX);
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
      resume: () => this.#scheduleResume(),
    });
    this.#watch = new PeerWatch(options.clock, this.#watched());
    this.#stream.start(this);
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
    const judged = judgeSession(this.identity, rules);
    return 'refused' in judged ? judged : undefined;
  }

  // What the stream calls.

  buffer(): Uint8Array {
    return this.#reader.buffer();
  }

  received(length: number): void {
    // An ending connection reads on and drops what it reads, to see that the peer has closed.
    if (this.#state !== 'open') return;
    this.#watch.received();
    this.#mayAct = this.#options.mayAct();
    // What still comes in after a pause waits with the rest.
    if (!this.#paused) this.#turn.begin();
    this.#queue.gathers = true;
    this.#session?.window.beginBatch();
    this.#reader.received(length);
    this.#queue.gathers = false;
    this.#queue.flush();
    if (this.#isOpen && !this.ready) this.#pause();
    if (this.#turn.isOver) this.#scheduleResume();
  }

  closed(error: Error | undefined): void {
    this.#finish(
      error === undefined ? 'closed by the initiator' : `connection: ${systemReason(error)}`,
    );
  }

  // What the reader calls.

  get ready(): boolean {
    if (this.#state !== 'open' || !this.#mayAct || this.#turn.isOver) return false;
    return this.#fullFeature === undefined
      ? this.#login.ready && this.#queue.hasRoom
      : this.#fullFeature.ready;
  }

  get #isOpen(): boolean {
    return this.#state === 'open';
  }

  onPdu(pdu: Pdu, dataIntact: boolean): void {
    if (this.#fullFeature === undefined) this.#login.onPdu(pdu);
    else this.#fullFeature.onPdu(pdu, dataIntact);
    this.#turn.count();
  }

  onFramingFault(fault: FramingFault): void {
    this.end(fault === 'headerDigestError' ? 'header digest error' : 'PDU too long', 'now');
  }

  // Ends.

  /** Ends the connection: at once, or when what is queued has left (bounded). */
  end(reason: string, when: 'now' | 'afterSending'): void {
    if (when === 'now') {
      this.#finish(reason);
      return;
    }
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    this.#endReason = reason;
    this.#options.log.debug('connection ends', { reason });
    // Nothing may follow what was said last: commands in flight end without an answer.
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
    this.#fullFeature = this.#fullFeaturePhaseOf(session);
    this.#reader.useDigests(session.parameters.headerDigest, session.parameters.dataDigest);
    // Anyone may discover: a discovery session keeps the small buffers of its login.
    if (session.nexus !== undefined) {
      this.#turn.becomeSession();
      this.#queue.usePool(session.account, SEND_QUEUE_BYTES_MAX);
      this.#reader.usePool(session.account, RECEIVE_DATA_SEGMENT_BYTES_MAX);
    }
    this.#watch.begin(session);
    this.#options.onSession(this);
  }

  #fullFeaturePhaseOf(session: Session): FullFeaturePhase {
    const { tasks, clock, log, registry } = this.#options;
    const { targetName, tsih } = session.identity;
    return new FullFeaturePhase({
      session,
      tasks,
      clock,
      log,
      end: (reason, when) => this.end(reason, when),
      endTarget: (reason) => registry.endTarget(targetName, reason, tsih),
    });
  }

  #watched(): WatchedConnection {
    const stream = this.#stream;
    const reader = this.#reader;
    return {
      progress: new AnswerProgress(this.#queue, stream),
      get isWithinPdu() {
        return reader.isWithinPdu;
      },
      get unacknowledgedBytes() {
        return stream.unacknowledgedBytes;
      },
      lost: (reason) => this.#finish(reason),
    };
  }

  #pause(): void {
    if (this.#paused || this.#state === 'closed') return;
    this.#paused = true;
    this.#noteBlocked();
    this.#stream.pause();
  }

  /**
   * A turn that is over does not block: an initiator that sends more than fits into its turns is
   * read from all the time, and its deadlines stand.
   */
  #noteBlocked(): void {
    if (!this.#mayAct || this.#fullFeature?.ready === false) this.#watch.blocked();
  }

  #scheduleResume(): void {
    if (!this.#paused || this.#resumeScheduled) return;
    this.#resumeScheduled = true;
    this.#clock.endOfTurn(() => {
      this.#resumeScheduled = false;
      this.#resume();
    });
  }

  /** PDUs that were left when they might not be taken. */
  recheck(): void {
    this.#scheduleResume();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#mayAct = this.#options.mayAct();
    this.#turn.begin();
    if (!this.ready) return;
    this.#watch.unblocked();
    this.#queue.gathers = true;
    this.#session?.window.beginBatch();
    this.#reader.parse();
    this.#queue.gathers = false;
    this.#queue.flush();
    if (this.#turn.isOver) this.#scheduleResume();
    if (!this.ready) {
      this.#noteBlocked();
      return;
    }
    this.#paused = false;
    this.#stream.resume();
  }

  #onSent(): void {
    this.#session?.account.sent();
    if (this.#state === 'ending' && this.#queue.idle) this.#stream.end();
    // A turn that is over goes on at the end of the event loop's, and no sooner.
    else if (!this.#turn.isOver) this.#resume();
  }

  #finish(reason: string): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#watch.stop();
    this.#stream.destroy();
    this.#reader.close();
    this.#queue.close();
    // Of an end in two steps the first says why.
    const why = this.#endReason ?? reason;
    this.#login.abandon(why);
    const session = this.#session;
    this.#options.log.debug('connection closed', { reason: why });
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
