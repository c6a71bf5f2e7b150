import type { Random } from '../base/random.ts';
import { BACK_OFF_MAX_MS, BACK_OFF_MIN_MS } from './limits.ts';

/** How long a gateway waits before it takes a new incarnation: longer each time, with chance. */
export class BackOff {
  readonly #random: Random;
  #failures = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** From BACK_OFF_MIN_MS to the double of the last bound, at most BACK_OFF_MAX_MS. */
  nextMs(): number {
    this.#failures += 1;
    const mostMs = Math.min(BACK_OFF_MAX_MS, BACK_OFF_MIN_MS * 2 ** Math.min(this.#failures, 16));
    return BACK_OFF_MIN_MS + this.#random.below(mostMs - BACK_OFF_MIN_MS + 1);
  }

  /** An incarnation served for as long as the longest wait: what was before counts no more. */
  reset(): void {
    this.#failures = 0;
  }
}
