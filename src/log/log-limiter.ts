import type { Clock, Timer } from '../base/clock.ts';
import type { Log, LogFields } from './log.ts';

type LimitedLevel = 'debug' | 'info' | 'warn' | 'error';

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
/** The kind of all lines whose own kind finds no place. Callers cannot use this name. */
const OTHERS = '';

interface Kind {
  readonly beginMs: number;
  lines: number;
  leftOut: number;
  timer: Timer | undefined;
}

interface Line {
  readonly level: LimitedLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/**
 * Bounds how many lines an event that repeats writes, also when strangers cause it: the first ones
 * of an interval are written, the others are counted, and at its end one line says how many.
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

  /** `kind`: lines with the same one share a limit, for example event and peer address. */
  write(level: LimitedLevel, kind: string, message: string, fields: LogFields = {}): void {
    const name = this.#nameOf(kind);
    const now = this.#clock.now();
    const entry = this.#kinds.get(name) ?? { beginMs: now, lines: 0, leftOut: 0, timer: undefined };
    this.#kinds.set(name, entry);
    if (entry.lines < this.#limits.linesMax && this.#countTotal(now)) {
      entry.lines++;
      this.#log[level](message, fields);
      return;
    }
    entry.leftOut++;
    const waitMs = entry.beginMs + this.#limits.intervalMs - now;
    entry.timer ??= this.#clock.after(waitMs, () => this.#end(name, { level, message, fields }));
  }

  /** Writes the counts that are due later now, and keeps no timer. */
  close(): void {
    for (const [name, { leftOut, timer }] of [...this.#kinds]) {
      timer?.cancel();
      if (leftOut > 0) this.#log.info('log lines left out', { kind: name, count: leftOut });
    }
    this.#kinds.clear();
  }

  /** `line`: the first one that was left out; it stands for all of them. */
  #end(name: string, { level, message, fields }: Line): void {
    const count = this.#kinds.get(name)?.leftOut ?? 0;
    this.#kinds.delete(name);
    const repeated = { count, seconds: Math.round(this.#limits.intervalMs / 1000) };
    // Lines of many kinds have nothing in common that could be said of them.
    const said = name === OTHERS ? {} : fields;
    this.#log[level](`${message} (repeated)`, { ...said, ...repeated });
  }

  /** Counts a line; false: in this interval so many were written that it is left out. */
  #countTotal(now: number): boolean {
    const { intervalMs, totalMax } = this.#limits;
    if (now - this.#total.beginMs >= intervalMs) this.#total = { beginMs: now, lines: 0 };
    return ++this.#total.lines <= totalMax;
  }

  #nameOf(kind: string): string {
    this.#expire(kind);
    if (this.#kinds.has(kind)) return kind;
    if (this.#kinds.size >= this.#limits.kindsMax) this.#expireAll();
    return this.#kinds.size < this.#limits.kindsMax ? kind : OTHERS;
  }

  #expireAll(): void {
    for (const name of [...this.#kinds.keys()]) this.#expire(name);
  }

  /** Forgets a kind whose interval is over, unless its timer will say what was left out. */
  #expire(name: string): void {
    const entry = this.#kinds.get(name);
    if (entry === undefined || entry.timer !== undefined) return;
    if (this.#clock.now() - entry.beginMs >= this.#limits.intervalMs) this.#kinds.delete(name);
  }
}
