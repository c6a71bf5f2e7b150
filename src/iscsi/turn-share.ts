import type { Clock } from '../base/clock.ts';
import { TURN_CHECK_PDUS, TURN_MAX_MS } from './limits.ts';

/**
 * How long a connection may work off PDUs in one turn of the event loop. Thousands of requests fit
 * into one receive buffer, and some take a hundred times as long as others: without a bound in time
 * the connections behind it would wait for all of them.
 */
export class TurnShare {
  readonly #clock: Clock;
  #endsMs = 0;
  #pdus = 0;
  #isOver = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  begin(): void {
    this.#endsMs = this.#clock.now() + TURN_MAX_MS;
    this.#pdus = 0;
    this.#isOver = false;
  }

  /** A PDU was worked off; only now and then is the clock looked at. */
  count(): void {
    if (++this.#pdus % TURN_CHECK_PDUS !== 0) return;
    this.#isOver = this.#clock.now() >= this.#endsMs;
  }
}
