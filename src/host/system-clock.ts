import type { Clock, Timer } from '../base/clock.ts';

/**
 * The machine's clock. `now` is CLOCK_MONOTONIC (what Node offers): it goes on while the process
 * is stopped, but, unlike CLOCK_BOOTTIME, stands still while the whole machine sleeps.
 */
export const systemClock: Clock = {
  now: () => performance.now(),

  after(delayMs: number, action: () => void): Timer {
    const timeout = setTimeout(action, Math.max(0, delayMs));
    return { cancel: () => clearTimeout(timeout) };
  },

  // Immediates run in the loop's check phase, right after the poll phase has read the sockets.
  endOfTurn(action: () => void): void {
    setImmediate(action);
  },
};
