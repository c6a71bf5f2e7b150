import type { Random } from '../base/random.ts';
import {
  BACK_OFF_MAX_MS,
  BACK_OFF_MIN_MS,
  BACK_OFF_SERVED_MAX_MS,
  BACK_OFF_SETTLED_MS,
} from './limits.ts';

/**
 * How long a gateway waits before it takes a new incarnation, counted from the end of the last:
 * with chance, from BACK_OFF_MIN_MS to a bound that doubles each time.
 */
export class BackOff {
  readonly #random: Random;
  /** Incarnations on end that served for a short while. */
  #served = 0;
  /** Attempts on end that did not come to serve. */
  #failed = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** After a life that served for this long: at most BACK_OFF_SERVED_MAX_MS. */
  afterServingMs(servedMs: number): number {
    this.#failed = 0;
    this.#served = servedMs >= BACK_OFF_SETTLED_MS ? 1 : this.#served + 1;
    return this.#draw(this.#served, BACK_OFF_SERVED_MAX_MS);
  }

  /** After one that did not come to serve: at most BACK_OFF_MAX_MS. */
  afterFailureMs(): number {
    this.#failed += 1;
    return this.#draw(this.#failed, BACK_OFF_MAX_MS);
  }

  #draw(times: number, boundMs: number): number {
    const mostMs = Math.min(boundMs, BACK_OFF_MIN_MS * 2 ** Math.min(times, 16));
    return BACK_OFF_MIN_MS + this.#random.below(mostMs - BACK_OFF_MIN_MS + 1);
  }
}
