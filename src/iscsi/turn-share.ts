import type { Clock } from '../base/clock.ts';
import { STRANGER_TURN_PDUS, TURN_CHECK_PDUS, TURN_MAX_MS } from './limits.ts';

/**
 * How long a connection may work off PDUs in one turn of the event loop. Thousands of requests fit
 * into one receive buffer, and some take a hundred times as long as others: without a bound in time
 * the connections behind it would wait for all of them.
 */
export class TurnShare {
  readonly #clock: Clock;
  #endsMs = 0;
  #pdus = 0;
  #pdusMax = STRANGER_TURN_PDUS;
  #isOver = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** A session has begun that may work as much as its time allows. */
  becomeSession(): void {
    this.#pdusMax = Number.POSITIVE_INFINITY;
  }

  begin(): void {
    this.#endsMs = this.#clock.now() + TURN_MAX_MS;
    this.#pdus = 0;
    this.#isOver = false;
  }

  /** A PDU was worked off; only now and then is the clock looked at. */
  count(): void {
    if (++this.#pdus >= this.#pdusMax) this.#isOver = true;
    else if (this.#pdus % TURN_CHECK_PDUS === 0) this.#isOver = this.#clock.now() >= this.#endsMs;
  }
}
