// The clock of one of several processes on a virtual clock; a stopped one does nothing.

import type { Clock, Timer } from '../../src/base/clock.ts';

export class PausableClock implements Clock {
  readonly #clock: Clock;
  readonly #late: (() => void)[] = [];
  #isPaused = false;
  #isDead = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  after(delayMs: number, action: () => void): Timer {
    let isOver = false;
    const once = (): void => {
      if (isOver || this.#isDead) return;
      if (this.#isPaused) {
        this.#late.push(once);
        return;
      }
      isOver = true;
      action();
    };
    const timer = this.#clock.after(delayMs, once);
    return {
      cancel: () => {
        isOver = true;
        timer.cancel();
      },
    };
  }

  endOfTurn(action: () => void): void {
    this.#clock.endOfTurn(() => {
      if (this.#isPaused) this.#late.push(action);
      else if (!this.#isDead) action();
    });
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    for (const action of this.#late.splice(0)) action();
  }

  /** Ends all timers, as when the process is killed. */
  kill(): void {
    this.#isDead = true;
  }
}
