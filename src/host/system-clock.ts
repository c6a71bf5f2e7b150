import type { Clock, Timer } from '../base/clock.ts';
import { bootTimeMs } from './kernel.ts';

/**
 * The machine's clock. `now` is CLOCK_BOOTTIME: it runs on while the process is stopped, and while
 * the whole machine sleeps, which Node's own clock (CLOCK_MONOTONIC) does not count. Timers, which
 * stop meanwhile, fire that much later.
 */
export const systemClock: Clock = {
  now: bootTimeMs,

  after(delayMs: number, action: () => void): Timer {
    const timeout = setTimeout(action, Math.max(0, delayMs));
    return { cancel: () => clearTimeout(timeout) };
  },

  // Immediates run in the loop's check phase, right after the poll phase has read the sockets.
  endOfTurn(action: () => void): void {
    setImmediate(action);
  },
};
