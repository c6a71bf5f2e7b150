import type { FencedProcesses, FencingDriver } from './fencing-driver.ts';

/**
 * Fencing among the processes of one host: whoever is fenced is killed, and its end is waited for.
 * Writes of a process that has ended are over, so there is no blocklist and no barrier to pass.
 */
export class ProcessFencing implements FencingDriver {
  readonly processes: FencedProcesses;

  constructor(processes: FencedProcesses) {
    this.processes = processes;
  }

  async confirmMonitor(): Promise<void> {}

  async blocklist(): Promise<void> {}

  async isBlocklisted(): Promise<boolean> {
    return false;
  }

  async passBarrier(): Promise<void> {}

  hold(): void {}

  release(): void {}

  witnessAgesMs(): readonly number[] {
    return [];
  }
}
