import type { Timer } from '../base/clock.ts';
import { ClusterSilence, type ClusterSilenceOptions } from './cluster-silence.ts';
import { PAUSE_GAP_MAX_MS, PULSE_INTERVAL_MS } from './limits.ts';
import type { ClosedReason } from './members.ts';

export interface PulseOptions extends ClusterSilenceOptions {
  /** The event loop stood still: nothing may be done until `confirmed`. */
  readonly onGap: () => void;
  /** Cut off from the cluster, or fenced by it. */
  readonly onOver: (reason: ClosedReason) => void;
}

/** Notices that this gateway's event loop stood still, and that the cluster is silent. */
export class Pulse {
  readonly #options: PulseOptions;
  readonly #silence: ClusterSilence;
  #lastMs: number;
  /** Silence counts only while this gateway could have heard something. */
  #listeningSinceMs: number;
  #isInDoubt = false;
  /** Gaps so far: what was confirmed before the last one confirms nothing. */
  #gaps = 0;
  #timer: Timer | undefined;

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#silence = new ClusterSilence(options);
    this.#lastMs = options.clock.now();
    this.#listeningSinceMs = this.#lastMs;
  }

  start(): void {
    this.#lastMs = this.#options.clock.now();
    this.#listeningSinceMs = this.#lastMs;
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** To be asked before each thing that is done. The first to ask after a gap finds it. */
  mayAct(): boolean {
    this.#look();
    return !this.#isInDoubt;
  }

  get gaps(): number {
    this.#look();
    return this.#gaps;
  }

  /** This gateway was seen open by a look begun when so many gaps had been. */
  confirmed(gaps: number): void {
    this.#look();
    if (gaps === this.#gaps) this.#isInDoubt = false;
  }

  #look(): void {
    const nowMs = this.#options.clock.now();
    if (nowMs - this.#lastMs <= PAUSE_GAP_MAX_MS) return;
    this.#lastMs = nowMs;
    this.#listeningSinceMs = nowMs;
    this.#gaps += 1;
    this.#isInDoubt = true;
    this.#options.onGap();
  }

  #schedule(): void {
    const { clock } = this.#options;
    this.#timer = clock.after(PULSE_INTERVAL_MS, () => {
      this.#look();
      this.#lastMs = clock.now();
      this.#schedule();
      const over = this.#silence.look(this.#listeningSinceMs);
      if (over !== undefined) this.#options.onOver(over);
    });
  }
}
