import type { Clock, Timer } from '../base/clock.ts';
import type { TrafficStatus } from '../control/channels.ts';
import type { TransportTraffic } from './transport.ts';

const SAMPLE_INTERVAL_MS = 1000;

type Counts = Pick<TransportTraffic, 'reads' | 'writes' | 'bytesRead' | 'bytesWritten'>;

/** Traffic with its rates over the last second. */
export class LiveFigures {
  readonly #traffic: TransportTraffic;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #sampledMs: number;
  #last: Counts;
  #perSecond: Counts = { reads: 0, writes: 0, bytesRead: 0, bytesWritten: 0 };

  constructor(traffic: TransportTraffic, clock: Clock) {
    this.#traffic = traffic;
    this.#clock = clock;
    this.#sampledMs = clock.now();
    this.#last = countsOf(traffic);
    this.#schedule();
  }

  get status(): TrafficStatus {
    const { otherCommands } = this.#traffic;
    const { reads, writes, bytesRead, bytesWritten } = this.#perSecond;
    return {
      ...countsOf(this.#traffic),
      otherCommands,
      readsPerSecond: reads,
      writesPerSecond: writes,
      bytesReadPerSecond: bytesRead,
      bytesWrittenPerSecond: bytesWritten,
    };
  }

  close(): void {
    this.#timer?.cancel();
  }

  #schedule(): void {
    this.#timer = this.#clock.after(SAMPLE_INTERVAL_MS, () => {
      this.#sample();
      this.#schedule();
    });
  }

  #sample(): void {
    const now = this.#clock.now();
    const counts = countsOf(this.#traffic);
    const seconds = (now - this.#sampledMs) / 1000;
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

function countsOf({ reads, writes, bytesRead, bytesWritten }: TransportTraffic): Counts {
  return { reads, writes, bytesRead, bytesWritten };
}
