import type { Timer } from '../../src/base/clock.ts';

/** An event may return a promise; then the next one waits for it. */
export type Action = () => void | Promise<void>;

interface Event {
  readonly atMs: number;
  /** Orders events of one moment: they happen in the order in which they were made. */
  readonly serial: number;
  action: Action | undefined;
}

/** Virtual time: it jumps from event to event, and stands still during an event. */
export class Timeline {
  #nowMs = 0;
  #serial = 0;
  #pending = 0;
  /** A binary heap. */
  readonly #events: Event[] = [];
  happened = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events that have not happened yet. */
  get pending(): number {
    return this.#pending;
  }

  after(delayMs: number, action: Action): Timer {
    const event: Event = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      serial: this.#serial++,
      action,
    };
    this.#push(event);
    this.#pending++;
    return {
      cancel: () => {
        if (event.action === undefined) return;
        event.action = undefined;
        this.#pending--;
      },
    };
  }

  /** Lets time pass without events; those that fall due in between happen late. */
  skip(byMs: number): void {
    this.#nowMs += byMs;
  }

  /** Lets time pass until `holds`, which is checked after each event, or until `untilMs`. */
  async run(untilMs: number, holds: () => boolean = () => false): Promise<void> {
    while (!holds()) {
      const next = this.#events[0];
      if (next === undefined || next.atMs > untilMs) {
        this.#nowMs = Math.max(this.#nowMs, untilMs);
        return;
      }
      this.#pop();
      const { action } = next;
      if (action === undefined) continue;
      next.action = undefined;
      this.#pending--;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.happened++;
      const pending = action();
      if (pending !== undefined) await pending;
    }
  }

  #push(event: Event): void {
    const events = this.#events;
    let at = events.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(events[parent]!, event)) break;
      events[at] = events[parent]!;
      at = parent;
    }
    events[at] = event;
  }

  #pop(): void {
    const events = this.#events;
    const last = events.pop()!;
    const { length } = events;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(events[child + 1]!, events[child]!)) child++;
      if (isBefore(last, events[child]!)) break;
      events[at] = events[child]!;
      at = child;
    }
    events[at] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.serial < b.serial);
}
