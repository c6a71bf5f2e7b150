import type { Log, LogFields } from '../src/log/log.ts';

/** How many of the last lines are kept to be printed. */
const KEPT_MAX = 400;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Everything that happened, as a digest of its lines; two runs of a seed have the same. */
export class Trace {
  readonly #nowMs: () => number;
  #lines: string[] = [];
  #digest = FNV_OFFSET;
  #count = 0;
  /** An event was logged, by name. */
  onEvent = (_who: string, _event: string): void => {};

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get digest(): string {
    return `${this.#count}-${this.#digest.toString(16).padStart(8, '0')}`;
  }

  get lastLines(): readonly string[] {
    return this.#lines.slice(-KEPT_MAX);
  }

  add(who: string, what: string): void {
    const line = `${this.#nowMs().toFixed(3)} ${who}: ${what}`;
    this.#count++;
    for (let i = 0; i < line.length; i++) {
      this.#digest = Math.imul(this.#digest ^ line.charCodeAt(i), FNV_PRIME) >>> 0;
    }
    this.#lines.push(line);
    if (this.#lines.length > 2 * KEPT_MAX) this.#lines = this.#lines.slice(-KEPT_MAX);
  }

  /** A log whose lines are part of the trace. */
  log(who: string, fields: LogFields = {}): Log {
    return {
      write: (event, more, repeats) => {
        this.onEvent(who, event);
        this.add(who, `${event} ${JSON.stringify({ ...fields, ...more, ...repeats })}`);
      },
      child: (more) => this.log(who, { ...fields, ...more }),
    };
  }
}
