import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { LogEventFields, LogEventName } from './catalogue.ts';
import type { Log, LogRepeats } from './log.ts';

interface LogLimits {
  /** Lines of one kind are counted over this time. */
  readonly intervalMs: number;
  /** Lines of one kind that are written in full in an interval. */
  readonly linesMax: number;
  /** Kinds that are told apart at a time; all others share one limit. */
  readonly kindsMax: number;
  /** Lines of all kinds together that are written in full in an interval. */
  readonly totalMax: number;
}

const DEFAULT_LIMITS: LogLimits = {
  intervalMs: 60_000,
  linesMax: 20,
  kindsMax: 256,
  totalMax: 600,
};
/** The kind of all lines whose own kind finds no place. The name of an event is not empty. */
const OTHERS = '';

interface Kind {
  readonly beginMs: number;
  lines: number;
  leftOut: LeftOut | undefined;
}

interface LeftOut {
  count: number;
  readonly timer: Timer;
  /** Writes the first of them, which is there for all. */
  readonly write: (repeats: LogRepeats) => void;
}

/**
 * Bounds how many lines an event that repeats writes, also when unauthenticated peers cause it: the
 * first ones of an interval are written, and the others are counted in one line at its end.
 */
export class LogLimiter {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limits: LogLimits;
  readonly #kinds = new Map<string, Kind>();
  #total = { beginMs: Number.NEGATIVE_INFINITY, lines: 0 };

  constructor(clock: Clock, log: Log, limits: Partial<LogLimits> = {}) {
    this.#clock = clock;
    this.#log = log;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
  }

  /** `whose`: lines of the event with the same one share a limit, for example those of a peer. */
  write<Name extends LogEventName>(event: Name, fields: LogEventFields<Name>, whose = ''): void {
    const name = this.#nameOf(`${event} ${whose}`);
    const now = this.#clock.now();
    const kind = this.#kinds.get(name) ?? { beginMs: now, lines: 0, leftOut: undefined };
    this.#kinds.set(name, kind);
    if (kind.lines < this.#limits.linesMax && this.#countTotal(now)) {
      kind.lines++;
      this.#log.write(event, fields);
      return;
    }
    kind.leftOut ??= {
      count: 0,
      timer: this.#clock.after(kind.beginMs + this.#limits.intervalMs - now, () => {
        this.#end(name, kind);
      }),
      // Lines of many kinds have nothing in common that could be said of them.
      write: (repeats) => {
        if (name === OTHERS) this.#log.write('log_lines_suppressed', { ...repeats });
        else this.#log.write(event, fields, repeats);
      },
    };
    kind.leftOut.count++;
  }

  /** Writes the counts that are due later now, and keeps no timer. */
  close(): void {
    for (const [name, kind] of [...this.#kinds]) this.#end(name, kind);
  }

  #end(name: string, { beginMs, leftOut }: Kind): void {
    this.#kinds.delete(name);
    if (leftOut === undefined) return;
    leftOut.timer.cancel();
    const seconds = Math.round((this.#clock.now() - beginMs) / 1000);
    assert(leftOut.count > 0 && seconds >= 0, 'lines that are counted were left out before');
    leftOut.write({ count: leftOut.count, seconds });
  }

  /** Counts a line; false: in this interval so many were written that it is left out. */
  #countTotal(now: number): boolean {
    const { intervalMs, totalMax } = this.#limits;
    if (now - this.#total.beginMs >= intervalMs) this.#total = { beginMs: now, lines: 0 };
    return ++this.#total.lines <= totalMax;
  }

  #nameOf(name: string): string {
    this.#expire(name);
    if (this.#kinds.has(name)) return name;
    if (this.#kinds.size >= this.#limits.kindsMax) this.#expireAll();
    return this.#kinds.size < this.#limits.kindsMax ? name : OTHERS;
  }

  #expireAll(): void {
    for (const name of [...this.#kinds.keys()]) this.#expire(name);
  }

  /** Drops a kind whose interval is over, unless its timer will say what was left out. */
  #expire(name: string): void {
    const kind = this.#kinds.get(name);
    if (kind === undefined || kind.leftOut !== undefined) return;
    if (this.#clock.now() - kind.beginMs >= this.#limits.intervalMs) this.#kinds.delete(name);
  }
}
