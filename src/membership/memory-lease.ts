import type { Clock } from '../base/clock.ts';
import { MEMORY_LEASE_MS } from './limits.ts';

/**
 * How long this member may answer from memory what gateways share: MEMORY_LEASE_MS from when it
 * sent the last heartbeat that showed it as open. Before the fence of a closed member is finished,
 * it has shown no heartbeat for longer (`signs-of-life.ts`, `failure-detector.ts`).
 */
export class MemoryLease {
  readonly #clock: Clock;
  /** No other member closes this one while its process lives. */
  readonly #isEndless: boolean;
  #untilMs: number;
  /** Calls that wait for the next renewal: one for each nexus with commands that wait. */
  #waiting: (() => void)[] = [];

  constructor(clock: Clock, isEndless: boolean) {
    this.#clock = clock;
    this.#isEndless = isEndless;
    this.#untilMs = isEndless ? Number.POSITIVE_INFINITY : clock.now() + MEMORY_LEASE_MS;
  }

  get untilMs(): number {
    return this.#untilMs;
  }

  /** How long ago it began. */
  get ageMs(): number {
    return this.#clock.now() + MEMORY_LEASE_MS - this.#untilMs;
  }

  /** A heartbeat that was sent then has shown this member as open. */
  renew(sentMs: number): void {
    if (this.#isEndless) return;
    this.#untilMs = sentMs + MEMORY_LEASE_MS;
    // A heartbeat that took long says nothing about the present.
    if (this.#waiting.length === 0 || this.#clock.now() >= this.#untilMs) return;
    for (const call of this.#waiting.splice(0)) call();
  }

  whenRenewed(call: () => void): void {
    this.#waiting.push(call);
  }
}
