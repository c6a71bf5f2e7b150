import { settle } from '../../sim/time/settle.ts';
import { Timeline } from '../../sim/time/timeline.ts';
import { TurnEnd } from '../../sim/time/turn-end.ts';
import type { Clock, Timer } from '../../src/base/clock.ts';
import { SeededRandom, seedOfRun } from './seeded-random.ts';

/** The order of what happens at the end of a turn; the same in each run. */
const SEED = 1;

/** A clock that stands still until a test moves it. */
export class VirtualClock implements Clock {
  readonly timeline: Timeline;
  protected readonly turnEnd = new TurnEnd(new SeededRandom(seedOfRun() ?? SEED));
  #ending: (() => void)[] = [];
  /** Ends of turns that the host's event loop has not reached. */
  #turnsOpen = 0;

  constructor(timeline = new Timeline()) {
    this.timeline = timeline;
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.timeline.pending;
  }

  now(): number {
    return this.timeline.nowMs;
  }

  after(delayMs: number, action: () => void): Timer {
    return this.timeline.after(delayMs, () => {
      action();
      return this.#turnsEnd();
    });
  }

  /** The turn of the host's event loop: its promises settle first, as in a process. */
  endOfTurn(action: () => void): void {
    this.turnEnd.add(action);
    this.#turnsOpen++;
    setImmediate(() => {
      this.#turnsOpen--;
      if (this.#ending.length === 0) this.#ending = this.turnEnd.take();
      this.#ending.shift()!();
    });
  }

  /** Time passes in which nothing runs, as for a stopped process. */
  skip(byMs: number): void {
    this.timeline.skip(byMs);
  }

  /** Moves on, firing what falls due, in order; lets promises settle before and after each. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.timeline.nowMs + byMs;
    await this.#turnsEnd();
    await this.timeline.run(endMs);
  }

  async #turnsEnd(): Promise<void> {
    do await settle();
    while (this.#turnsOpen > 0);
  }
}

/** A virtual clock whose turns of the event loop end when the test says so. */
export class TurnClock extends VirtualClock {
  override endOfTurn(action: () => void): void {
    this.turnEnd.add(action);
  }

  /** Ends this turn; what is asked for meanwhile waits for the end of the next. */
  async endTurn(): Promise<void> {
    for (const action of this.turnEnd.take()) action();
    await settle();
  }
}

export { settle };
