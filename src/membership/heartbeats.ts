import type { Clock, Timer } from '../base/clock.ts';
import {
  HEARTBEAT_CONFIRM_MAX_MS,
  HEARTBEAT_INTERVAL_MS,
  HEARTBEAT_LATE_MAX_MS,
} from './limits.ts';

/** The outcome of one heartbeat. */
export interface HeartbeatReport<View> {
  /** Undefined: it was not confirmed. */
  readonly view: View | undefined;
  /**
   * `regular`: one of the half-second row, sent on time and confirmed in time. One in between
   * (`soon`) is `extra`.
   */
  readonly kind: 'regular' | 'extra' | 'gap';
  readonly sentMs: number;
}

interface HeartbeatsOptions<View> {
  readonly clock: Clock;
  /** Sends one heartbeat and reads; resolves with the view, or undefined if none can be read. */
  readonly beat: () => Promise<View | undefined>;
  readonly onReport: (report: HeartbeatReport<View>) => void;
}

/** The row of heartbeats: one in flight at a time, for a store that hangs must not pile them up. */
export class Heartbeats<View> {
  readonly #options: HeartbeatsOptions<View>;
  #timer: Timer | undefined;
  #dueMs = 0;
  /** When the heartbeat of the row that has not been sent yet was due. */
  #owedMs: number | undefined;
  #isFlying = false;
  #wantsExtra = false;
  #isStopped = false;
  /** The next heartbeat that is begun: all callers that wait for it share it. */
  #next: PromiseWithResolvers<View | undefined> | undefined;

  constructor(options: HeartbeatsOptions<View>) {
    this.#options = options;
  }

  start(): void {
    this.#dueMs = this.#options.clock.now() + HEARTBEAT_INTERVAL_MS;
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#next?.resolve(undefined);
  }

  /** One more between those of the row, at once. */
  soon(): void {
    this.#wantsExtra = true;
    this.#send();
  }

  /** Resolves with what a heartbeat begun after this call reads; undefined: stopped before. */
  next(): Promise<View | undefined> {
    if (this.#isStopped) return Promise.resolve(undefined);
    this.#next ??= Promise.withResolvers();
    const { promise } = this.#next;
    this.soon();
    return promise;
  }

  #schedule(): void {
    const { clock } = this.#options;
    this.#timer = clock.after(Math.max(0, this.#dueMs - clock.now()), () => this.#fallDue());
  }

  #fallDue(): void {
    if (this.#isStopped) return;
    const nowMs = this.#options.clock.now();
    const isOnTime = nowMs - this.#dueMs <= HEARTBEAT_LATE_MAX_MS;
    if (this.#owedMs !== undefined || !isOnTime) this.#gap();
    this.#owedMs = isOnTime ? this.#dueMs : nowMs;
    // After a gap the row restarts: missed heartbeats are not made up for.
    this.#dueMs = this.#owedMs + HEARTBEAT_INTERVAL_MS;
    this.#schedule();
    this.#send();
  }

  #gap(): void {
    this.#owedMs = undefined;
    this.#options.onReport({ view: undefined, kind: 'gap', sentMs: this.#options.clock.now() });
  }

  #send(): void {
    if (this.#isFlying || this.#isStopped) return;
    if (this.#owedMs === undefined && !this.#wantsExtra) return;
    const startMs = this.#options.clock.now();
    const isOfRow = this.#owedMs !== undefined;
    const isLate = isOfRow && startMs - this.#owedMs! > HEARTBEAT_LATE_MAX_MS;
    this.#owedMs = undefined;
    this.#wantsExtra = false;
    this.#isFlying = true;
    const awaited = this.#next;
    this.#next = undefined;
    const settle = (view: View | undefined): void => {
      this.#isFlying = false;
      if (this.#isStopped) {
        awaited?.resolve(undefined);
        return;
      }
      const isSlow = this.#options.clock.now() - startMs > HEARTBEAT_CONFIRM_MAX_MS;
      const isGap = view === undefined || isSlow || isLate;
      const kind = isGap ? 'gap' : isOfRow ? 'regular' : 'extra';
      this.#options.onReport({ view, kind, sentMs: startMs });
      if (view !== undefined) awaited?.resolve(view);
      else if (awaited !== undefined) {
        // Callers that waited for this heartbeat wait for the next confirmed one.
        this.#next ??= Promise.withResolvers();
        awaited.resolve(this.#next.promise);
      }
      this.#send();
    };
    this.#options.beat().then(settle, () => settle(undefined));
  }
}
