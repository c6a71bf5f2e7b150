import type { Clock, Timer } from '../../src/base/clock.ts';

interface Waiting {
  readonly at: number;
  readonly action: () => void;
}

/** A clock that stands until a test moves it. */
export class VirtualClock implements Clock {
  #now = 0;
  #waiting: Waiting[] = [];

  /** Timers that have not fired. */
  get pending(): number {
    return this.#waiting.length;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, action: () => void): Timer {
    const waiting = { at: this.#now + delayMs, action };
    this.#waiting.push(waiting);
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
      },
    };
  }

  endOfTurn(action: () => void): void {
    queueMicrotask(action);
  }

  /** Time passes in which nothing runs, as for a stopped process. */
  skip(byMs: number): void {
    this.#now += byMs;
  }

  /** Moves on, firing what falls due, in order; lets promises settle before and after each. */
  async advance(byMs: number): Promise<void> {
    const end = this.#now + byMs;
    await settle();
    for (;;) {
      const due = this.#waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#waiting = this.#waiting.filter((other) => other !== due);
      this.#now = Math.max(this.#now, due.at);
      due.action();
      await settle();
    }
    this.#now = end;
  }
}

/** A virtual clock whose turns of the event loop end when the test says so. */
export class TurnClock extends VirtualClock {
  #actions: (() => void)[] = [];

  override endOfTurn(action: () => void): void {
    this.#actions.push(action);
  }

  /** Ends this turn; what is asked for meanwhile waits for the end of the next. */
  async endTurn(): Promise<void> {
    const actions = this.#actions;
    this.#actions = [];
    for (const action of actions) action();
    await settle();
  }
}

/** Lets every promise that can settle now do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
