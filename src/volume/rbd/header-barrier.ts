import { type Clock, sleep, type Timer, within } from '../../base/clock.ts';
import type { Failure } from '../../base/failure.ts';
import { errorText } from '../../base/system-reason.ts';
import { cephFailure, errnoOf } from '../../ceph/ceph-failure.ts';
import { ENOTCONN, EPERM, ESHUTDOWN, ETIMEDOUT } from '../../ceph/errno.ts';
import type { RadosPool } from '../../ceph/rados-pool.ts';
import type { RadosWatch } from '../../ceph/rados-watch.ts';
import type { Log } from '../../log/log.ts';
import {
  GATEWAY_ANSWER,
  gatewayUpdate,
  type HeaderMark,
  type HeaderState,
  headerMessage,
  isGatewayAnswer,
  QUIESCE_REFUSAL,
} from './header-messages.ts';
import { readHeaderState } from './header-state.ts';

/** A header that changed without a notification is found after this long at most. */
export const HEADER_POLL_MS = 10_000;
/** The same while the image cannot be served: a promotion ends without a notification. */
export const UNSERVABLE_POLL_MS = 500;
/** The wait before the next attempt, when the header cannot be read or watched. */
export const PASS_RETRY_MS = 500;
/** librbd itself ends a quiesce that its client does not end after this long. */
export const QUIESCE_MAX_MS = 10_000;
/** Writes in flight that take longer to end have a snapshot refused: no command waits for it. */
export const QUIESCE_STOP_MAX_MS = 2_000;
/** Snapshots that are being made at one time. */
const QUIESCES_MAX = 64;
/** How long one notification waits for the other gateways: whole seconds. */
export const CONFIRM_MS = 1_000;
/** A gateway that does not answer for this long would have been fenced, were it a member. */
export const CONFIRM_MAX_MS = 10_000;
/** Changes of one header that wait to be answered; the makers of more wait for their time-out. */
const ANSWERS_MAX = 256;
/** Client instances that are known to be gateways'. */
const PEERS_MAX = 256;

const NO_ANSWER: Uint8Array = new Uint8Array();

interface HeaderBarrierParts {
  /** The pool and namespace of the header object. */
  readonly pool: Pick<RadosPool, 'watch' | 'notify' | 'read'>;
  readonly object: string;
  /** The image, with its pool and namespace, for the log. */
  readonly image: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Resolves when every write that was submitted has ended. */
  readonly writesIdle: () => Promise<void>;
  /** Bits of RBD_FEATURE_*, as read from the header: nothing may be submitted against them. */
  readonly onFeatures: (features: bigint) => void;
  /** Has librbd read the header again, and checks the image by it. Rejects with a `Failure`. */
  readonly refresh: () => Promise<void>;
  readonly isServable: () => boolean;
  /** Writes may be submitted again. */
  readonly onRelease: () => void;
  /** This client is on the blocklist. */
  readonly onBlocklisted: () => void;
  /** This client may not read or watch the header; another one of its user may. Called for each. */
  readonly onForbidden: () => void;
}

/**
 * Keeps the gateways that have an image open in step with its header. Each watches the header
 * object and answers a change only when it has stopped submitting writes and those it had submitted
 * have ended; the client that makes the change waits for that. It resumes writes when all other
 * gateways have confirmed to it that they have stopped for this version of the header or a later
 * one. So no gateway acts on a new header (a snapshot, a removed parent, another role) while
 * another still writes by the old one. A quiesce, in which the maker of a snapshot asks for a
 * moment without writes, holds them in the same way until the snapshot is made.
 */
export class HeaderBarrier {
  readonly #parts: HeaderBarrierParts;
  readonly #quiesces = new Map<string, Timer>();
  /** Client instances that have spoken as gateways. */
  #peers = new Set<bigint>();
  #watch: RadosWatch | undefined;
  #isHolding = true;
  /** Writes may go on after a full passage alone, whatever the header says. */
  #mustPass = true;
  #isStale = false;
  #isClosed = false;
  /** The version of the header for which writes have stopped here. */
  #stoppedFor = 0;
  /** The state that librbd is known to have read. */
  #passed: HeaderMark = { version: 0, content: '' };
  #passing: Promise<void> | undefined;
  #pollTimer: Timer | undefined;
  #onReleased: (() => void)[] = [];
  /** Answers to the clients that changed the header: writes have stopped for it. */
  #answers: (() => void)[] = [];

  constructor(parts: HeaderBarrierParts) {
    this.#parts = parts;
  }

  /** Whether a write has to wait. */
  get holdsWrites(): boolean {
    return this.#isHolding;
  }

  /** Resolves when writes need not wait, or never will be submitted. */
  get released(): Promise<void> {
    if (!this.#isHolding || this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => this.#onReleased.push(resolve));
  }

  /** Watches the header and passes its present version. Rejects with `Failure('cephFailed')`. */
  async open(): Promise<void> {
    await this.#openWatch();
    const watch = this.#watch;
    const state = await this.#stop();
    if (state !== undefined && this.#passing === undefined) await this.#adopt(state);
    // A change came meanwhile: its passage, which is not over, releases the writes.
    if (this.#passing !== undefined || !this.#mayRelease(watch)) return;
    this.#release();
  }

  /** Passes the newest header if it differs; resolves when writes need not wait for it. */
  pass(): Promise<void> {
    this.#isStale = true;
    // Before the header is read: librbd may know already that it changed, and write by it.
    this.#isHolding = true;
    this.#passing ??= this.#passAll();
    return this.#passing;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#pollTimer?.cancel();
    for (const timer of this.#quiesces.values()) timer.cancel();
    this.#quiesces.clear();
    for (const resolve of this.#onReleased.splice(0)) resolve();
    const watch = this.#watch;
    this.#watch = undefined;
    await watch?.close();
  }

  async #passAll(): Promise<void> {
    const { clock, log, image } = this.#parts;
    let watch: RadosWatch | undefined;
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false;
      watch = this.#watch;
      try {
        const state = await this.#stop();
        if (state === undefined) continue;
        if (this.#quiesces.size > 0 || this.#watch === undefined) break;
        await this.#adopt(state);
      } catch (error) {
        if (this.#isClosed) break;
        log.write('header_not_passed', { image, reason: errorText(error) });
        this.#isStale = true;
        await sleep(clock, PASS_RETRY_MS);
      }
    }
    this.#passing = undefined;
    if (this.#mayRelease(watch)) this.#release();
  }

  /**
   * Whether a passage that began under this watch lets writes go on. If the watch was lost since
   * then, changes may have been missed, and the next watch begins another passage.
   */
  #mayRelease(watch: RadosWatch | undefined): boolean {
    if (this.#isClosed || this.#quiesces.size > 0) return false;
    return watch !== undefined && watch === this.#watch;
  }

  /**
   * Submits no writes, reads the header, waits for the writes in flight unless they go by that
   * header already, and answers those that wait for it. The header for which writes have stopped;
   * undefined: they need not.
   */
  async #stop(): Promise<HeaderState | undefined> {
    const answers = this.#answers.splice(0);
    try {
      const state = await this.#readState();
      this.#parts.onFeatures(state.features);
      const isSame = !this.#mustPass && state.content === this.#passed.content;
      if (!isSame) {
        this.#mustPass = true;
        await this.#parts.writesIdle();
      }
      this.#stoppedFor = Math.max(this.#stoppedFor, state.version);
      for (const answer of answers) answer();
      return isSame ? undefined : state;
    } catch (error) {
      this.#answers.unshift(...answers);
      throw error;
    }
  }

  async #adopt(state: HeaderState): Promise<void> {
    if (state.content !== this.#passed.content) await this.#confirm(state);
    await this.#parts.refresh();
    this.#passed = state;
  }

  #release(): void {
    this.#isHolding = false;
    this.#mustPass = false;
    this.#pollLater();
    for (const resolve of this.#onReleased.splice(0)) resolve();
    this.#parts.onRelease();
  }

  async #readState(): Promise<HeaderState> {
    const { pool, object } = this.#parts;
    const state = await readHeaderState(pool, object);
    if (typeof state === 'number') throw this.#failure(state, 'read_op_operate');
    return state;
  }

  /**
   * Resolves when every other gateway has stopped for this version or a later one, and librbd of
   * every client is told to read the header again. A dead client of others that the OSD still lists
   * is not awaited.
   */
  async #confirm(state: HeaderMark): Promise<void> {
    const { pool, image, object, clock, log } = this.#parts;
    const giveUpMs = clock.now() + CONFIRM_MAX_MS;
    for (;;) {
      const told = await pool.notify(object, gatewayUpdate(state), CONFIRM_MS);
      if (told.errno < 0 && told.errno !== ETIMEDOUT) throw this.#failure(told.errno, 'notify2');
      const answered = told.answers.filter(({ payload }) => isGatewayAnswer(payload));
      for (const { gid } of answered) this.#peers.add(gid);
      const silent = told.timeouts.filter(({ gid }) => this.#peers.has(gid));
      this.#peers = new Set([...answered, ...silent].map(({ gid }) => gid));
      if (silent.length === 0) return;
      if (clock.now() < giveUpMs) continue;
      const clients = [...new Set(silent.map(({ gid }) => String(gid)))];
      log.write('header_not_answered', { image, clients });
      return;
    }
  }

  #failure(errno: number, call: string): Failure {
    this.#reportErrno(errno);
    return cephFailure(`rados_${call}`, errno, `the header ${this.#parts.object}`);
  }

  /** While writes are held, no operation would find it out. */
  #reportErrno(errno: number | undefined): void {
    if (this.#isClosed) return;
    if (errno === ESHUTDOWN) this.#parts.onBlocklisted();
    if (errno === EPERM) this.#parts.onForbidden();
  }

  #onNotify(notifyId: bigint, bytes: Uint8Array, fromGid: bigint): void {
    const message = headerMessage(bytes);
    const acknowledge = (payload = NO_ANSWER) => this.#watch?.ack(notifyId, payload);
    switch (message.kind) {
      case 'other':
        acknowledge();
        break;
      case 'unquiesce':
        acknowledge();
        this.#endQuiesce(message.request);
        break;
      case 'quiesce':
        void this.#quiesce(message.request).then((isQuiet) => {
          acknowledge(isQuiet ? NO_ANSWER : QUIESCE_REFUSAL);
        });
        break;
      case 'update':
        this.#onHeaderUpdate(message.goesBy, fromGid, acknowledge);
    }
  }

  #onHeaderUpdate(
    goesBy: HeaderMark | undefined,
    fromGid: bigint,
    acknowledge: (payload?: Uint8Array) => void,
  ): void {
    const payload = goesBy === undefined ? NO_ANSWER : GATEWAY_ANSWER;
    if (goesBy !== undefined) {
      if (this.#peers.size < PEERS_MAX) this.#peers.add(fromGid);
      const isKnown = !this.#mustPass && goesBy.content === this.#passed.content;
      if (isKnown || goesBy.version <= this.#stoppedFor) {
        acknowledge(payload);
        return;
      }
    }
    if (this.#answers.length >= ANSWERS_MAX) return;
    this.#answers.push(() => acknowledge(payload));
    void this.pass();
  }

  /** Whether writes have stopped; if not, they go on, and the snapshot is not made. */
  async #quiesce(request: string): Promise<boolean> {
    const { clock, log, image, writesIdle } = this.#parts;
    const known = this.#quiesces.get(request);
    if (known === undefined && this.#quiesces.size >= QUIESCES_MAX) return false;
    known?.cancel();
    const mustPass = this.#mustPass;
    this.#isHolding = true;
    this.#mustPass = true;
    const late = clock.after(QUIESCE_MAX_MS, () => {
      log.write('snapshot_overdue', { image });
      this.#endQuiesce(request);
    });
    this.#quiesces.set(request, late);
    const idle = writesIdle().then(() => true);
    if ((await within(clock, QUIESCE_STOP_MAX_MS, idle)) === true) return true;
    log.write('snapshot_refused', { image });
    // No client was told that writes have stopped, so new ones need not wait for those in flight.
    const isOnlyReason = this.#quiesces.size === 1 && this.#passing === undefined;
    if (isOnlyReason && this.#watch !== undefined) this.#mustPass = mustPass;
    this.#endQuiesce(request);
    return false;
  }

  #endQuiesce(request: string): void {
    this.#quiesces.get(request)?.cancel();
    if (this.#quiesces.delete(request) && this.#quiesces.size === 0) void this.pass();
  }

  async #openWatch(): Promise<void> {
    const { pool, object } = this.#parts;
    let watch: RadosWatch | undefined;
    let isLost = false;
    const early: (() => void)[] = [];
    watch = await pool.watch(object, {
      onNotify: (id, message, fromGid) => {
        const deliver = () => this.#onNotify(id, message, fromGid);
        // Not answered before the watch is known to be there.
        if (watch === undefined) early.push(deliver);
        else deliver();
      },
      onError: () => {
        isLost = true;
        if (watch !== undefined && watch === this.#watch) void this.#watchAgain();
      },
    });
    if (this.#isClosed || isLost) {
      void watch.close();
      if (isLost) throw this.#failure(ENOTCONN, 'aio_watch');
    } else {
      this.#watch = watch;
      for (const deliver of early) deliver();
    }
  }

  /** Changes meanwhile were missed: writes wait until the header is watched and passed again. */
  async #watchAgain(): Promise<void> {
    const lost = this.#watch;
    this.#watch = undefined;
    this.#isHolding = true;
    this.#mustPass = true;
    void lost?.close();
    while (!this.#isClosed && this.#watch === undefined) {
      try {
        await this.#openWatch();
      } catch (error) {
        this.#reportErrno(errnoOf(error));
        await sleep(this.#parts.clock, PASS_RETRY_MS);
      }
    }
    if (!this.#isClosed) void this.pass();
  }

  #pollLater(): void {
    const { clock, isServable } = this.#parts;
    this.#pollTimer?.cancel();
    const delayMs = isServable() ? HEADER_POLL_MS : UNSERVABLE_POLL_MS;
    this.#pollTimer = clock.after(delayMs, () => void this.#poll());
  }

  async #poll(): Promise<void> {
    try {
      const { content } = await this.#readState();
      if (this.#isClosed || this.#isHolding) return;
      if (content !== this.#passed.content) void this.pass();
      else this.#pollLater();
    } catch {
      // Operations meet the same trouble, and say so.
      if (!this.#isClosed && !this.#isHolding) this.#pollLater();
    }
  }
}
