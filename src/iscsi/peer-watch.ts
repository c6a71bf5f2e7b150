import type { Clock, Timer } from '../base/clock.ts';
import type { CommandAges } from '../scsi/nexus.ts';
import type { AnswerProgress } from './answer-progress.ts';
import {
  ABSENT_TIMEOUT_MS,
  AGREEMENT_OVERDUE_MS,
  CLOSE_TIMEOUT_MS,
  COMMAND_MAX_MS,
  DISCOVERY_SESSION_MAX_MS,
  IDLE_TIMEOUT_MS,
  LOGIN_TIMEOUT_MS,
  LOGOUT_REQUEST_TIMEOUT_MS,
  NOP_INTERVAL_MS,
  NOP_TIMEOUT_MS,
  SLOW_COMMAND_MS,
  SLOW_NOP_INTERVAL_MS,
  SLOW_SILENCE_MAX_MS,
  WATCH_INTERVAL_MS,
} from './limits.ts';
import type { Session } from './session.ts';
import { sendPing, sendWindow } from './session-requests.ts';

/** Between two checks; after a longer gap this gateway itself stood still. */
const GAP_MAX_MS = 2 * WATCH_INTERVAL_MS;
const STUCK = 'a command does not end';
const DATA_OUT_LATE = 'Data-Out timed out';
const DISAGREED = 'the gateways do not enforce a change in time';
const NO_COMMANDS: CommandAges = { runningMs: 0, changingMs: 0, agreeingMs: 0 };

/** A connection as its watch sees it. */
export interface WatchedConnection {
  /** The initiator's progress in reading its answers. */
  readonly progress: AnswerProgress;
  /** A part of a PDU is there. */
  readonly isWithinPdu: () => boolean;
  /** Bytes that were sent and that the initiator has not acknowledged. */
  readonly unacknowledgedBytes: () => number;
  /** The peer counts as lost. */
  lost(reason: string): void;
}

/**
 * Watches the peer of a connection: bounds the time of its login, session and logout, and asks a
 * silent initiator for a sign of life.
 */
export class PeerWatch {
  readonly #clock: Clock;
  readonly #connection: WatchedConnection;
  #timer: Timer;
  #session: Session | undefined;
  #sessionSinceMs = 0;
  #lastReceivedMs: number;
  #lastCheckMs = 0;
  #pingSentMs: number | undefined;
  #logoutDeadlineMs: number | undefined;
  /** Since when no PDU is taken: answers do not leave, or this gateway may not act. */
  #blockedSinceMs: number | undefined;

  /** Begins with the login. */
  constructor(clock: Clock, connection: WatchedConnection) {
    this.#clock = clock;
    this.#connection = connection;
    this.#lastReceivedMs = clock.now();
    this.#timer = clock.after(LOGIN_TIMEOUT_MS, () => connection.lost('login timed out'));
  }

  /** The login is over. */
  begin(session: Session): void {
    this.#timer.cancel();
    this.#session = session;
    this.#sessionSinceMs = this.#clock.now();
    this.#lastCheckMs = this.#sessionSinceMs;
    this.#connection.progress.countFrom(this.#sessionSinceMs);
    this.#checkLater();
  }

  /** The connection ends when its queued PDUs have left, or after a bound. */
  beginEnd(reason: string): void {
    this.#timer.cancel();
    this.#timer = this.#clock.after(CLOSE_TIMEOUT_MS, () => this.#connection.lost(reason));
  }

  stop(): void {
    this.#timer.cancel();
  }

  /** The initiator was asked to log out. */
  expectLogout(): void {
    this.#logoutDeadlineMs = this.#clock.now() + LOGOUT_REQUEST_TIMEOUT_MS;
  }

  /** Bytes came. */
  received(): void {
    this.#lastReceivedMs = this.#clock.now();
    this.#pingSentMs = undefined;
  }

  /** From now on nothing is taken. */
  blocked(): void {
    this.#blockedSinceMs ??= this.#clock.now();
  }

  /** PDUs are taken again. */
  unblocked(): void {
    this.received();
    if (this.#blockedSinceMs === undefined) return;
    this.#session?.dataOut.owed.extend(this.#lastReceivedMs - this.#blockedSinceMs);
    this.#blockedSinceMs = undefined;
  }

  #checkLater(): void {
    this.#timer = this.#clock.after(WATCH_INTERVAL_MS, () => {
      const overdue = this.#session && this.#overdue(this.#session);
      if (overdue !== undefined) this.#connection.lost(overdue);
      else this.#checkLater();
    });
  }

  /** Why the peer counts as lost now; asks it for a sign of life when it has been silent. */
  #overdue(session: Session): string | undefined {
    const now = this.#clock.now();
    const { window, account, dataOut, discovery, nexus } = session;
    if (nexus === undefined && now - this.#sessionSinceMs > DISCOVERY_SESSION_MAX_MS) {
      return 'the discovery session lasted too long';
    }
    discovery.expire();
    const { runningMs, changingMs, agreeingMs } = this.#commandAges(session, now);
    if (agreeingMs >= AGREEMENT_OVERDUE_MS) return DISAGREED;
    if (this.#logoutDeadlineMs !== undefined && now > this.#logoutDeadlineMs) {
      return 'no logout after the request for it';
    }
    if (window.review()) sendWindow(session.writer);
    if (this.#isAbsent(session, now)) return 'the initiator takes no data';
    if (account.isOverdue) return 'other sessions need the memory of its unread answers';
    if (dataOut.owed.isPastLimit(now)) return DATA_OUT_LATE;
    // While nothing is read, silence proves nothing.
    if (this.#blockedSinceMs !== undefined) return runningMs >= COMMAND_MAX_MS ? STUCK : undefined;
    if (dataOut.overdue(now)) return DATA_OUT_LATE;
    return this.#overdueSilence(session, now, changingMs >= SLOW_COMMAND_MS, runningMs);
  }

  /** Why its silence, or a command that does not end, is too much. */
  #overdueSilence(
    session: Session,
    now: number,
    isChanging: boolean,
    runningMs: number,
  ): string | undefined {
    const silenceMs = now - this.#lastReceivedMs;
    if (this.#pingSentMs !== undefined) {
      const isLost =
        this.#isUnanswered(session, now - this.#pingSentMs) ||
        (isChanging && silenceMs >= SLOW_SILENCE_MAX_MS);
      return isLost ? 'no answer to NOP-In' : undefined;
    }
    // The initiator answers, so the command is stuck: other paths may be better.
    if (runningMs >= COMMAND_MAX_MS) return STUCK;
    if (silenceMs >= (isChanging ? SLOW_NOP_INTERVAL_MS : NOP_INTERVAL_MS)) this.#ping(session);
    return undefined;
  }

  #ping(session: Session): void {
    this.#pingSentMs = this.#clock.now();
    sendPing(session.writer);
  }

  /** Whether a NOP-In has gone without an answer for too long; asks an idle initiator again. */
  #isUnanswered(session: Session, waitedMs: number): boolean {
    const isIdle = session.idle && !this.#connection.isWithinPdu();
    if (waitedMs <= (isIdle ? IDLE_TIMEOUT_MS : NOP_TIMEOUT_MS)) return false;
    if (!isIdle) return true;
    // Something may have been sent a moment ago.
    if (this.#connection.unacknowledgedBytes() > 0) return this.#connection.progress.isStuck;
    this.#ping(session);
    return false;
  }

  /** Whether the initiator takes none of its answers. If it takes some, that is a sign of life. */
  #isAbsent(session: Session, now: number): boolean {
    const { progress } = this.#connection;
    if (progress.check(now)) {
      this.#lastReceivedMs = now;
      // A NOP-In and R2Ts wait behind the answers.
      if (this.#pingSentMs !== undefined) this.#pingSentMs = now;
      if (progress.isSlow) session.dataOut.owed.postpone(now);
    }
    return progress.stalledMs(now) > ABSENT_TIMEOUT_MS;
  }

  /**
   * How long its commands have been under way. Time in which this gateway stood still does not
   * count, neither for them nor as silence of the initiator.
   */
  #commandAges(session: Session, now: number): CommandAges {
    const gapMs = now - this.#lastCheckMs;
    this.#lastCheckMs = now;
    if (gapMs > GAP_MAX_MS) {
      this.#lastReceivedMs = now;
      this.#pingSentMs = undefined;
      this.#connection.progress.countFrom(now);
      session.dataOut.skipGap(gapMs);
    }
    return session.nexus?.age(Math.min(gapMs, GAP_MAX_MS)) ?? NO_COMMANDS;
  }
}
