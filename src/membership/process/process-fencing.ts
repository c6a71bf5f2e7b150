import type { FencedProcesses, FencingDriver } from '../fencing-driver.ts';

/**
 * Fencing among the processes of one host: the fenced process is killed, and its end is awaited.
 * Writes of a process that has ended are over, so there is no blocklist and no barrier to pass.
 */
export class ProcessFencing implements FencingDriver {
  readonly processes: FencedProcesses;
  readonly #lease: SubmissionLease | undefined;

  constructor(processes: FencedProcesses, lease?: SubmissionLease) {
    this.processes = processes;
    this.#lease = lease;
  }

  async confirmMonitor(): Promise<void> {}

  async blocklist(): Promise<void> {}

  async isBlocklisted(): Promise<boolean> {
    return false;
  }

  async passBarrier(): Promise<void> {}

  hold(): void {}

  release(): void {}

  renewLease(untilMs: number): void {
    this.#lease?.renew(untilMs);
  }

  witnessAgesMs(): readonly number[] {
    return [];
  }
}

/** The flag that every thread of this process checks before it writes to a volume. */
interface SubmissionLease {
  renew(untilMs: number): void;
}
