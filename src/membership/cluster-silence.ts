import type { Clock } from '../base/clock.ts';
import {
  CLUSTER_SILENCE_MAX_MS,
  MONITOR_ASK_AFTER_MS,
  MONITOR_SILENCE_MAX_MS,
  WITNESS_SILENCE_MAX_MS,
  WITNESSES_MIN,
} from './limits.ts';
import type { ClosedReason } from './membership.ts';

export interface ClusterSilenceOptions {
  readonly clock: Clock;
  readonly witnessAgesMs: () => readonly number[];
  /** How long ago the last heartbeat was sent that was confirmed. */
  readonly heartbeatAgeMs: () => number;
  /** Asks the monitors whether this gateway is fenced, by a question begun after this call. */
  readonly isFenced: () => Promise<boolean>;
}

/**
 * Decides what it means that all witnesses are silent. They may be silent for every gateway (one
 * stopped OSD of three also makes placement groups on the others wait): then initiators have no
 * better path. As long as the monitors answer that this gateway is not fenced, it waits, within a
 * bound.
 */
export class ClusterSilence {
  readonly #options: ClusterSilenceOptions;
  /** One question at a time: a monitor that is silent keeps a thread with each. */
  #isAsking = false;
  #isFenced = false;
  /** When the last question began that was answered with "not fenced". */
  #clearedMs = Number.NEGATIVE_INFINITY;

  constructor(options: ClusterSilenceOptions) {
    this.#options = options;
  }

  /** To be called often. Silence counts only while this gateway could have heard something. */
  check(listeningSinceMs: number): ClosedReason | undefined {
    if (this.#isFenced) return 'closed';
    const { clock, witnessAgesMs, heartbeatAgeMs } = this.#options;
    const nowMs = clock.now();
    const agesMs = witnessAgesMs();
    if (agesMs.length < WITNESSES_MIN) return undefined;
    const silentMs = Math.min(nowMs - listeningSinceMs, ...agesMs);
    // If the members object alone is silent, only the monitors tell that others have fenced this.
    const unshownMs = Math.min(nowMs - listeningSinceMs, heartbeatAgeMs());
    if (Math.max(silentMs, unshownMs) >= MONITOR_ASK_AFTER_MS) void this.#ask(nowMs);
    if (silentMs < WITNESS_SILENCE_MAX_MS) return undefined;
    if (silentMs >= CLUSTER_SILENCE_MAX_MS) return 'cut';
    return nowMs - this.#clearedMs >= MONITOR_SILENCE_MAX_MS ? 'cut' : undefined;
  }

  async #ask(nowMs: number): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      this.#isFenced = await this.#options.isFenced();
      if (!this.#isFenced) this.#clearedMs = nowMs;
    } catch {
      // An error is not evidence: only an explicit "not fenced" resets the timer.
    } finally {
      this.#isAsking = false;
    }
  }
}
