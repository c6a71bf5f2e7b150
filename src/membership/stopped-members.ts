import type { ProcessState } from './fencing-driver.ts';
import { PAUSE_GAP_MAX_MS, STOPPED_CHECKS_MIN, STOPPED_MAX_MS } from './limits.ts';

interface Stopped {
  checks: number;
  /** It was not seen running since then. */
  sinceMs: number;
}

/**
 * Counts for how long the processes of other members have been found stopped. Unlike silence, a
 * stop is seen and not inferred. So a gap of the observer's own does not begin the count again,
 * which would let a stopped writer outlive its initiators' patience: a member that is found
 * stopped after such a gap may have been so since the check before it.
 */
export class StoppedMembers {
  #stopped = new Map<string, Stopped>();
  #lastCheckMs = Number.NEGATIVE_INFINITY;

  /** Checks `processes` once; returns the incarnations of those that have been stopped too long. */
  check(processes: readonly ProcessState[], nowMs: number): ReadonlySet<string> {
    const lastMs = this.#lastCheckMs;
    const hadGap = Number.isFinite(lastMs) && nowMs - lastMs > PAUSE_GAP_MAX_MS;
    const stopped = new Map<string, Stopped>();
    const tooLong = new Set<string>();
    for (const { incarnation, isStopped } of processes) {
      if (!isStopped) continue;
      const before = this.#stopped.get(incarnation);
      const checks = (before?.checks ?? 0) + 1;
      const sinceMs = before?.sinceMs ?? (hadGap ? lastMs : nowMs);
      stopped.set(incarnation, { checks, sinceMs });
      const isLong = nowMs - sinceMs >= STOPPED_MAX_MS;
      if (checks >= STOPPED_CHECKS_MIN && isLong) tooLong.add(incarnation);
    }
    this.#stopped = stopped;
    this.#lastCheckMs = nowMs;
    return tooLong;
  }
}
