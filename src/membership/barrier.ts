import { type Clock, sleep, type Timer } from '../base/clock.ts';
import type { FencingDriver } from './fencing-driver.ts';
import type { Holds } from './holds.ts';
import { BARRIER_HOLD_AFTER_MS, BARRIER_RETRY_MS, HOLD_MAX_MS } from './limits.ts';

interface BarrierOptions {
  readonly driver: FencingDriver;
  readonly holds: Holds;
  readonly clock: Clock;
  /** The epoch passed when this member opened. */
  readonly passedEpoch: number;
  /** The others should learn now which epoch is passed, or held for. */
  readonly onPassed: () => void;
  /** Held for too long: the monitors are not to be had, and this gateway is cut off. */
  readonly onCut: () => void;
}

/** Passes each barrier epoch on all instances, or has them hold new submissions until it has. */
export class Barrier {
  readonly #options: BarrierOptions;
  #wanted: number;
  #passed: number;
  #isHolding = false;
  #isRunning = false;
  #isStopped = false;
  #timer: Timer | undefined;

  constructor(options: BarrierOptions) {
    this.#options = options;
    this.#wanted = options.passedEpoch;
    this.#passed = options.passedEpoch;
  }

  /**
   * The epoch in the heartbeat: while this member holds, it holds for every epoch that it knows.
   */
  get epoch(): number {
    return this.#isHolding ? this.#wanted : this.#passed;
  }

  get isHolding(): boolean {
    return this.#isHolding;
  }

  /** An epoch was read; called again with the same one it does nothing. */
  want(epoch: number): void {
    if (epoch <= this.#wanted || this.#isStopped) return;
    this.#wanted = epoch;
    if (this.#isHolding) this.#options.onPassed();
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  /** Held submissions stay held: the instances of a member that is over submit nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  async #run(): Promise<void> {
    const { driver, holds, clock, onPassed } = this.#options;
    this.#arm();
    while (this.#passed < this.#wanted && !this.#isStopped) {
      // Begun after the epoch was read: one that came meanwhile needs a barrier of its own.
      const epoch = this.#wanted;
      const isPassed = await driver.passBarrier().then(
        () => true,
        () => false,
      );
      if (this.#isStopped) return;
      if (!isPassed) {
        await sleep(clock, BARRIER_RETRY_MS);
        continue;
      }
      this.#passed = epoch;
      if (this.#isHolding) continue;
      onPassed();
      if (epoch < this.#wanted) this.#arm();
    }
    if (this.#isStopped) return;
    this.#isRunning = false;
    this.#timer?.cancel();
    if (!this.#isHolding) return;
    this.#isHolding = false;
    holds.remove('barrier');
    onPassed();
  }

  #arm(): void {
    this.#timer?.cancel();
    if (this.#isHolding) return;
    const { clock, holds, onPassed, onCut } = this.#options;
    this.#timer = clock.after(BARRIER_HOLD_AFTER_MS, () => {
      this.#isHolding = true;
      holds.add('barrier');
      onPassed();
      this.#timer = clock.after(HOLD_MAX_MS, onCut);
    });
  }
}
