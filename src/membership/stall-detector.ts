import type { Timer } from '../base/clock.ts';
import { ClusterSilence, type ClusterSilenceOptions } from './cluster-silence.ts';
import { PAUSE_GAP_MAX_MS, STALL_CHECK_INTERVAL_MS, STALL_MAX_MS } from './limits.ts';
import type { ClosedReason } from './membership.ts';

interface StallDetectorOptions extends ClusterSilenceOptions {
  /** The event loop stood still: nothing may be done until `confirmed`. */
  readonly onGap: () => void;
  /** Cut off from the cluster, fenced by it, or stopped for too long. */
  readonly onOver: (reason: ClosedReason) => void;
  /** The event loop runs: until then its gap, should it stand still now, is not too long. */
  readonly onAlive: (untilMs: number) => void;
}

/** Notices that this gateway's event loop stood still, and that the cluster is silent. */
export class StallDetector {
  readonly #options: StallDetectorOptions;
  readonly #silence: ClusterSilence;
  #lastMs: number;
  /** Silence counts only while this gateway could have heard something. */
  #listeningSinceMs: number;
  #isInDoubt = false;
  /** Gaps so far: confirmations from before the last gap do not count. */
  #gaps = 0;
  #isStopped = false;
  #timer: Timer | undefined;

  constructor(options: StallDetectorOptions) {
    this.#options = options;
    this.#silence = new ClusterSilence(options);
    this.#lastMs = options.clock.now();
    this.#listeningSinceMs = this.#lastMs;
  }

  start(): void {
    this.#alive(this.#options.clock.now());
    this.#listeningSinceMs = this.#lastMs;
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** To be asked before each thing that is done. The first to ask after a gap finds it. */
  mayAct(): boolean {
    this.#check();
    return !this.#isInDoubt;
  }

  get gaps(): number {
    this.#check();
    return this.#gaps;
  }

  /** A look that began after this many gaps found this gateway open. */
  confirmed(gaps: number): void {
    this.#check();
    if (gaps === this.#gaps) this.#isInDoubt = false;
  }

  #check(): void {
    if (this.#isStopped) return;
    const nowMs = this.#options.clock.now();
    const gapMs = nowMs - this.#lastMs;
    if (gapMs <= PAUSE_GAP_MAX_MS) return;
    this.#isInDoubt = true;
    this.#gaps += 1;
    if (gapMs >= STALL_MAX_MS) {
      this.#options.onOver('stalled');
      return;
    }
    this.#alive(nowMs);
    this.#listeningSinceMs = nowMs;
    this.#options.onGap();
  }

  #alive(nowMs: number): void {
    this.#lastMs = nowMs;
    this.#options.onAlive(nowMs + STALL_MAX_MS);
  }

  #schedule(): void {
    const { clock } = this.#options;
    this.#timer = clock.after(STALL_CHECK_INTERVAL_MS, () => {
      this.#check();
      if (this.#isStopped) return;
      this.#alive(clock.now());
      this.#schedule();
      const over = this.#silence.check(this.#listeningSinceMs);
      if (over !== undefined) this.#options.onOver(over);
    });
  }
}
