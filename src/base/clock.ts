/** Time as everything below `cli` sees it. Milliseconds that only grow (CLOCK_BOOTTIME). */
export interface Clock {
  /** Milliseconds since some fixed moment; fractions allowed; never goes back. */
  now(): number;
  /** Calls `action` once, `delayMs` from now, unless cancelled. */
  after(delayMs: number, action: () => void): Timer;
  /** Calls `action` when the input of this turn of the event loop has been worked off. */
  endOfTurn(action: () => void): void;
}

export interface Timer {
  cancel(): void;
}

/** Resolves after `delayMs`. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}

/** The result of `promise`, or undefined after `limitMs`; leaves no timer behind. */
export async function within<T>(
  clock: Clock,
  limitMs: number,
  promise: Promise<T>,
): Promise<T | undefined> {
  let timer: Timer | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = clock.after(limitMs, () => resolve(undefined));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer?.cancel();
  }
}
