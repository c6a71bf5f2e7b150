import type { Clock } from '../base/clock.ts';
import { LOGIN_TURN_PDUS, TURN_ALL_MS, TURN_CHECK_PDUS, TURN_MAX_MS } from './limits.ts';

/** How the connections of a server share a turn of the event loop. */
export class TurnShares {
  readonly #clock: Clock;
  /** Connections that had more to do than their share, in the last turn and so far in this one. */
  #busy = 0;
  #busyNow = 0;
  #isEndDue = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  /** For one connection. */
  get shareMs(): number {
    return Math.min(TURN_MAX_MS, TURN_ALL_MS / (this.#busy + 1));
  }

  usedUp(): void {
    this.#busyNow++;
    if (this.#isEndDue) return;
    this.#isEndDue = true;
    this.#clock.endOfTurn(this.#onEnd);
  }

  readonly #onEnd = (): void => {
    this.#isEndDue = false;
    this.#busy = this.#busyNow;
    this.#busyNow = 0;
  };
}

/**
 * How long a connection may work off PDUs in one turn of the event loop. Thousands of requests fit
 * into one receive buffer, and some take a hundred times as long as others: without a bound in time
 * the connections behind it would wait for all of them.
 */
export class TurnShare {
  readonly #shares: TurnShares;
  #beganMs = 0;
  #endsMs = 0;
  #pdus = 0;
  #pdusMax = LOGIN_TURN_PDUS;
  #isOver = false;

  constructor(shares: TurnShares) {
    this.#shares = shares;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get beganMs(): number {
    return this.#beganMs;
  }

  /** A session has begun that may work as much as its time allows. */
  becomeSession(): void {
    this.#pdusMax = Number.POSITIVE_INFINITY;
  }

  begin(): void {
    this.#beganMs = this.#shares.now();
    this.#endsMs = this.#beganMs + this.#shares.shareMs;
    this.#pdus = 0;
    this.#isOver = false;
  }

  /** A PDU was worked off; only now and then is the clock looked at. */
  count(): void {
    if (++this.#pdus >= this.#pdusMax) this.#isOver = true;
    else if (this.#pdus % TURN_CHECK_PDUS === 0) this.#isOver = this.#shares.now() >= this.#endsMs;
    if (this.#isOver) this.#shares.usedUp();
  }
}
