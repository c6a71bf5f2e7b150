import type { Clock, Timer } from '../../src/base/clock.ts';
import { isProcessStopped } from '../../src/host/process-identity.ts';

/** What was stopped for longer is killed: nobody may continue what its host has long replaced. */
export const STOPPED_MAX_MS = 60 * 60 * 1_000;
export const LOOK_INTERVAL_MS = 60 * 1_000;

/** Of a child process: `ChildProcess` is one. */
interface WatchedProcess {
  readonly pid?: number | undefined;
  kill(signal: 'SIGKILL'): boolean;
}

/**
 * Kills processes that stand stopped (SIGSTOP, a debugger). Each look finds one stopped or not:
 * one that ran for a moment in between counts as stopped all the time.
 */
export class StoppedProcesses<P extends WatchedProcess> {
  readonly #clock: Clock;
  readonly #running: () => readonly P[];
  readonly #isStopped: (pid: number) => boolean;
  /** When each was first found stopped, of those that still are. */
  #sinceMs = new Map<P, number>();
  #timer: Timer | undefined;

  /** `running`: those that have not ended, as of the call. */
  constructor(clock: Clock, running: () => readonly P[], isStopped = isProcessStopped) {
    this.#clock = clock;
    this.#running = running;
    this.#isStopped = isStopped;
  }

  open(): void {
    this.#timer = this.#clock.after(LOOK_INTERVAL_MS, () => {
      this.#check();
      this.open();
    });
  }

  close(): void {
    this.#timer?.cancel();
  }

  #check(): void {
    const nowMs = this.#clock.now();
    const stopped = this.#running().filter(({ pid }) => pid !== undefined && this.#isStopped(pid));
    this.#sinceMs = new Map(stopped.map((each) => [each, this.#sinceMs.get(each) ?? nowMs]));
    for (const [each, sinceMs] of this.#sinceMs) {
      if (nowMs - sinceMs > STOPPED_MAX_MS) each.kill('SIGKILL');
    }
  }
}
