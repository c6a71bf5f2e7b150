/**
 * A value that is there now, or will be. The data path completes in the same turn whenever the
 * medium can (a page cache hit), and a promise per command would double its cost.
 */
export type Pending<T> = T | Promise<T>;

/** Calls `next` with the value: at once if it is there, else when it settles. */
export function whenSettled<T>(pending: Pending<T>, next: (value: T) => void): void {
  if (pending instanceof Promise) {
    // The contracts of this project settle with values; a rejection is a broken invariant.
    pending.then(next).catch(crash);
  } else {
    next(pending);
  }
}

/** Maps a pending value, staying synchronous when it is there. */
export function map<T, U>(pending: Pending<T>, f: (value: T) => U): Pending<U> {
  return pending instanceof Promise ? pending.then(f) : f(pending);
}

/** An unexpected rejection ends the process, so that peers take over and no corruption spreads. */
function crash(error: unknown): never {
  queueMicrotask(() => {
    throw error;
  });
  throw error;
}
