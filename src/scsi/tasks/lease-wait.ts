import type { Clock } from '../../base/clock.ts';
import type { StateLease } from '../state-lease.ts';

/** The commands of one nexus that wait because the lease of this gateway's memory is over. */
export class LeaseWait {
  readonly #lease: StateLease;
  readonly #clock: Clock;
  readonly #onRenewed: () => void;
  #isWaiting = false;

  constructor(lease: StateLease, clock: Clock, onRenewed: () => void) {
    this.#lease = lease;
    this.#clock = clock;
    this.#onRenewed = onRenewed;
  }

  /** What this gateway remembers may not be true any longer. */
  get isDue(): boolean {
    return this.#clock.now() >= this.#lease.untilMs;
  }

  /** A command waits: `onRenewed` will be called. */
  begin(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#lease.whenRenewed(() => {
      this.#isWaiting = false;
      this.#onRenewed();
    });
  }
}
