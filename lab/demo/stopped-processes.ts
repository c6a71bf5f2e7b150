import type { Clock, Timer } from '../../src/base/clock.ts';
import { isProcessStopped } from '../../src/host/process-identity.ts';

/** A process that was stopped for longer is killed, because others have long replaced it. */
export const STOPPED_MAX_MS = 60 * 60 * 1_000;
export const CHECK_INTERVAL_MS = 60 * 1_000;

/** The part of `ChildProcess` that is needed. */
interface WatchedProcess {
  readonly pid?: number | undefined;
  kill(signal: 'SIGKILL'): boolean;
}

/**
 * Kills processes that stay stopped (SIGSTOP, a debugger). A process that is found stopped at each
 * check counts as stopped all the time, even if it ran for a moment in between.
 */
export class StoppedProcesses<P extends WatchedProcess> {
  readonly #clock: Clock;
  readonly #running: () => readonly P[];
  readonly #isStopped: (pid: number) => boolean;
  /** For each process that is still stopped: when it was first found so. */
  #sinceMs = new Map<P, number>();
  #timer: Timer | undefined;

  /** `running`: returns the processes that have not ended. */
  constructor(clock: Clock, running: () => readonly P[], isStopped = isProcessStopped) {
    this.#clock = clock;
    this.#running = running;
    this.#isStopped = isStopped;
  }

  open(): void {
    this.#timer = this.#clock.after(CHECK_INTERVAL_MS, () => {
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
