import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { TrafficStatus } from '../control/channels.ts';
import type { Metrics } from '../metrics/metrics.ts';

const SAMPLE_INTERVAL_MS = 1000;

type Counts = Pick<TrafficStatus, 'reads' | 'writes' | 'bytesRead' | 'bytesWritten'>;

/** Traffic as `status` and the demo show it: some metrics, and their rates over the last second. */
export class LiveFigures {
  readonly #metrics: Metrics;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #sampledMs: number;
  #last: Counts;
  #perSecond: Counts = { reads: 0, writes: 0, bytesRead: 0, bytesWritten: 0 };

  constructor(metrics: Metrics, clock: Clock) {
    this.#metrics = metrics;
    this.#clock = clock;
    this.#sampledMs = clock.now();
    this.#last = this.#counts;
    this.#schedule();
  }

  get status(): TrafficStatus {
    const { reads, writes, bytesRead, bytesWritten } = this.#perSecond;
    return {
      ...this.#counts,
      otherCommands: this.#metrics.commands.of('other').value,
      readsPerSecond: reads,
      writesPerSecond: writes,
      bytesReadPerSecond: bytesRead,
      bytesWrittenPerSecond: bytesWritten,
    };
  }

  close(): void {
    this.#timer?.cancel();
  }

  get #counts(): Counts {
    const { commands, commandBytes } = this.#metrics;
    return {
      reads: commands.of('read').value,
      writes: commands.of('write').value,
      bytesRead: commandBytes.of('read').value,
      bytesWritten: commandBytes.of('write').value,
    };
  }

  #schedule(): void {
    this.#timer = this.#clock.after(SAMPLE_INTERVAL_MS, () => {
      this.#sample();
      this.#schedule();
    });
  }

  #sample(): void {
    const now = this.#clock.now();
    const counts = this.#counts;
    const seconds = (now - this.#sampledMs) / 1000;
    assert(seconds > 0, 'time passes between two samples');
    for (const key of ['reads', 'writes', 'bytesRead', 'bytesWritten'] as const) {
      assert(counts[key] >= this.#last[key], 'a count of traffic never falls');
    }
    const rate = (key: keyof Counts) => Math.round((counts[key] - this.#last[key]) / seconds);
    this.#perSecond = {
      reads: rate('reads'),
      writes: rate('writes'),
      bytesRead: rate('bytesRead'),
      bytesWritten: rate('bytesWritten'),
    };
    this.#last = counts;
    this.#sampledMs = now;
  }
}
