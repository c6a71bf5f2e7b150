import type { ByteStream, StreamReader } from '../base/byte-stream.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { SlabSource } from '../base/slab-pool.ts';
import { systemReason } from '../base/system-reason.ts';
import type { CommandAges } from '../scsi/nexus.ts';
import { AnswerProgress } from './answer-progress.ts';
import type { Portal } from './contracts.ts';
import {
  ABSENT_TIMEOUT_MS,
  CLOSE_TIMEOUT_MS,
  COMMAND_MAX_MS,
  DISCOVERY_SESSION_MAX_MS,
  IDLE_TIMEOUT_MS,
  LOGIN_DATA_SEGMENT_BYTES_MAX,
  LOGIN_SEND_QUEUE_BYTES_MAX,
  LOGIN_TIMEOUT_MS,
  LOGOUT_REQUEST_TIMEOUT_MS,
  NOP_INTERVAL_MS,
  NOP_TIMEOUT_MS,
  RECEIVE_DATA_SEGMENT_BYTES_MAX,
  SEND_QUEUE_BYTES_MAX,
  SLOW_COMMAND_MS,
  SLOW_NOP_INTERVAL_MS,
  SLOW_SILENCE_MAX_MS,
  WATCH_INTERVAL_MS,
} from './limits.ts';
import { judgeSession } from './login/login-identity.ts';
import type { Refusal } from './login/refusal.ts';
import { type LoginOptions, LoginPhase } from './login-phase.ts';
import type { Session, SessionIdentity } from './session.ts';
import type { RegisteredSession } from './session-registry.ts';
import { requestLogout, sendPing, sendWindow } from './session-requests.ts';
import { TurnShare, type TurnShares } from './turn-share.ts';
import type { Pdu } from './wire/pdu.ts';
import { type FramingFault, type PduConsumer, PduReader } from './wire/pdu-reader.ts';
import { SendQueue } from './wire/send-queue.ts';

/** Between two looks at the clocks; after a longer one this gateway stood still. */
const GAP_MAX_MS = 2 * WATCH_INTERVAL_MS;
const STUCK = 'a command does not end';
const DATA_OUT_LATE = 'Data-Out timed out';
const NO_COMMANDS: CommandAges = { runningMs: 0, changingMs: 0 };

export interface ConnectionOptions extends LoginOptions {
  readonly stream: ByteStream;
  readonly portal: Portal;
  readonly clock: Clock;
  readonly log: Log;
  /** Buffers for logins and discovery sessions: small, because the peer may be a stranger. */
  readonly loginPool: SlabSource;
  readonly turnShares: TurnShares;
  /** Whether PDUs may be taken now; when not, `recheck` is called once they may be. */
  readonly mayAct: () => boolean;
  /** The login is over: the session exists. */
  readonly onSession: (connection: Connection) => void;
  /** The connection is no more, and nothing of its session is under way. Called once. */
  readonly onClosed: (connection: Connection) => void;
}

/**
 * A TCP connection: its framing, the login, then its session; the watch over the peer's life; and
 * the end, which lets go of everything exactly once.
 */
export class Connection implements PduConsumer, StreamReader, RegisteredSession {
  /** Where the peer is, as shares are counted. */
  readonly network: string;
  readonly #options: ConnectionOptions;
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #reader: PduReader;
  readonly #queue: SendQueue;
  readonly #progress: AnswerProgress;
  readonly #login: LoginPhase;
  readonly #turn: TurnShare;
  #session: Session | undefined;
  #state: 'open' | 'ending' | 'closed' = 'open';
  #paused = false;
  /** Since when nothing is taken because its answers stay with us, or we may not act. */
  #blockedSinceMs: number | undefined;
  /** Asked once for all that came in together. */
  #mayAct = true;
  #resumeScheduled = false;
  #lastReceivedMs: number;
  #sessionSinceMs = 0;
  #lastWatchMs = 0;
  #pingSentMs: number | undefined;
  #logoutDeadlineMs: number | undefined;
  #watch: Timer;
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
    this.#progress = new AnswerProgress(this.#queue, options.stream);
    this.#queue.onSent = () => this.#onSent();
    this.#login = new LoginPhase(options, this.#queue, {
      established: (session) => this.#enterFullFeaturePhase(session),
      end: (reason, when) => this.end(reason, when),
      resume: () => this.#scheduleResume(),
    });
    this.#lastReceivedMs = this.#clock.now();
    this.#watch = this.#clock.after(LOGIN_TIMEOUT_MS, () => this.end('login timed out', 'now'));
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
    this.#lastReceivedMs = this.#clock.now();
    this.#pingSentMs = undefined;
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
    return this.#session === undefined
      ? this.#login.ready && this.#queue.hasRoom
      : this.#session.ready;
  }

  get #isOpen(): boolean {
    return this.#state === 'open';
  }

  onPdu(pdu: Pdu, dataIntact: boolean): void {
    if (this.#session === undefined) this.#login.onPdu(pdu);
    else this.#session.onPdu(pdu, dataIntact);
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
    this.#watch.cancel();
    this.#watch = this.#clock.after(CLOSE_TIMEOUT_MS, () => this.#finish(reason));
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
    requestLogout(this.#session, Math.ceil(LOGOUT_REQUEST_TIMEOUT_MS / 1000));
    this.#logoutDeadlineMs = this.#clock.now() + LOGOUT_REQUEST_TIMEOUT_MS;
  }

  #enterFullFeaturePhase(session: Session): void {
    if (this.#state !== 'open') {
      void session.close();
      return;
    }
    this.#session = session;
    this.#reader.useDigests(session.parameters.headerDigest, session.parameters.dataDigest);
    // Anyone may discover: a discovery session keeps the small buffers of its login.
    if (session.nexus !== undefined) {
      this.#turn.becomeSession();
      this.#queue.usePool(session.account, SEND_QUEUE_BYTES_MAX);
      this.#reader.usePool(session.account, RECEIVE_DATA_SEGMENT_BYTES_MAX);
    }
    this.#watch.cancel();
    this.#sessionSinceMs = this.#clock.now();
    this.#lastWatchMs = this.#sessionSinceMs;
    this.#watchPeer();
    this.#options.onSession(this);
  }

  #watchPeer(): void {
    this.#watch = this.#clock.after(WATCH_INTERVAL_MS, () => {
      const overdue = this.#overdue();
      if (overdue !== undefined) this.#finish(overdue);
      else this.#watchPeer();
    });
  }

  /** Why the peer counts as lost now; asks it for a sign of life when it has been silent. */
  #overdue(): string | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    const now = this.#clock.now();
    if (session.nexus === undefined && now - this.#sessionSinceMs > DISCOVERY_SESSION_MAX_MS) {
      return 'discovery session lasts too long';
    }
    session.discovery.expire();
    const { runningMs, changingMs } = this.#commandAges(session, now);
    if (this.#logoutDeadlineMs !== undefined && now > this.#logoutDeadlineMs) {
      return 'no logout after the request for it';
    }
    if (session.window.review()) sendWindow(session);
    if (this.#isAbsent(session, now)) return 'the initiator takes no data';
    if (session.account.overstays) return 'the memory of its answers is needed by others';
    if (session.dataOut.isPastLimit(now)) return DATA_OUT_LATE;
    // While nothing is read, silence proves nothing.
    if (this.#blockedSinceMs !== undefined) return runningMs >= COMMAND_MAX_MS ? STUCK : undefined;
    if (session.dataOut.overdue(now)) return DATA_OUT_LATE;
    const silenceMs = now - this.#lastReceivedMs;
    const isChanging = changingMs >= SLOW_COMMAND_MS;
    if (this.#pingSentMs !== undefined) {
      const isLost =
        this.#isUnanswered(session, now - this.#pingSentMs) ||
        (isChanging && silenceMs >= SLOW_SILENCE_MAX_MS);
      return isLost ? 'no answer to NOP-In' : undefined;
    }
    // Its initiator answers: it is the command that is stuck, and other paths may be better.
    if (runningMs >= COMMAND_MAX_MS) return STUCK;
    if (silenceMs >= (isChanging ? SLOW_NOP_INTERVAL_MS : NOP_INTERVAL_MS)) this.#ping(session);
    return undefined;
  }

  #ping(session: Session): void {
    this.#pingSentMs = this.#clock.now();
    sendPing(session);
  }

  /** Whether a NOP-In has gone without an answer for too long; asks an idle initiator again. */
  #isUnanswered(session: Session, waitedMs: number): boolean {
    const isIdle = session.idle && !this.#reader.isWithinPdu;
    if (waitedMs <= (isIdle ? IDLE_TIMEOUT_MS : NOP_TIMEOUT_MS)) return false;
    if (!isIdle) return true;
    // Something may have been sent a moment ago.
    if (this.#stream.unacknowledgedBytes > 0) return this.#progress.isStuck;
    this.#ping(session);
    return false;
  }

  /** Whether the initiator takes none of its answers. If it takes some, that is a sign of life. */
  #isAbsent(session: Session, now: number): boolean {
    const progress = this.#progress;
    if (progress.look(now)) {
      this.#lastReceivedMs = now;
      // A NOP-In and R2Ts wait behind the answers.
      if (this.#pingSentMs !== undefined) this.#pingSentMs = now;
      if (progress.isSlow) session.dataOut.putOff(now);
    }
    return progress.stalledMs(now) > ABSENT_TIMEOUT_MS;
  }

  /**
   * How long its commands have been under way. Time in which this gateway stood still does not
   * count, neither for them nor as silence of the initiator.
   */
  #commandAges(session: Session, now: number): CommandAges {
    const gapMs = now - this.#lastWatchMs;
    this.#lastWatchMs = now;
    if (gapMs > GAP_MAX_MS) {
      this.#lastReceivedMs = now;
      this.#pingSentMs = undefined;
      this.#progress.skipGap(now);
      session.dataOut.skipGap(gapMs);
    }
    return session.nexus?.age(Math.min(gapMs, GAP_MAX_MS)) ?? NO_COMMANDS;
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
    if (this.#mayAct && this.#session?.ready !== false) return;
    this.#blockedSinceMs ??= this.#clock.now();
  }

  #noteUnblocked(): void {
    const now = this.#clock.now();
    this.#lastReceivedMs = now;
    this.#pingSentMs = undefined;
    if (this.#blockedSinceMs === undefined) return;
    this.#session?.dataOut.extend(now - this.#blockedSinceMs);
    this.#blockedSinceMs = undefined;
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
    this.#noteUnblocked();
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
    this.#watch.cancel();
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
    this.#gone = true;
    this.#options.onClosed(this);
    const waiters = this.#whenClosed;
    this.#whenClosed = [];
    for (const each of waiters) each();
  }
}
