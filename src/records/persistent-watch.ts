import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { errorText } from '../base/system-reason.ts';
import type { Log } from '../log/log.ts';
import type { Records, Watch, Watcher } from './records.ts';

/** How soon a lost watch is made again; the wait doubles with each failure. */
export const WATCH_RETRY_MIN_MS = 500;
/** The longest wait between two attempts. */
export const WATCH_RETRY_MAX_MS = 4_000;

assert(WATCH_RETRY_MIN_MS <= WATCH_RETRY_MAX_MS, 'the wait for a watch grows');

export interface PersistentWatchOptions {
  readonly records: Pick<Records, 'watch'>;
  readonly channel: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly onNotify: Watcher['onNotify'];
  /** The watch is open again after a loss: notifications in between were missed. */
  readonly onAgain?: () => void;
}

/** A watch of a channel that is made again whenever it is lost, until it is closed. */
export class PersistentWatch {
  readonly #options: PersistentWatchOptions;
  #watch: Watch | undefined;
  #timer: Timer | undefined;
  #failures = 0;
  #isClosed = false;

  constructor(options: PersistentWatchOptions) {
    this.#options = options;
  }

  /** Rejects when the channel cannot be watched now; then it is not tried again. */
  async open(): Promise<void> {
    await this.#make();
  }

  /** Watches the channel as soon as the store lets it. */
  start(): void {
    void this.#attempt();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    const watch = this.#watch;
    this.#watch = undefined;
    await watch?.close();
  }

  async #make(): Promise<void> {
    const { records, channel, onNotify } = this.#options;
    let [isLost, stands] = [false, false];
    const watch = await records.watch(channel, {
      onNotify,
      onLost: () => {
        isLost = true;
        if (stands) this.#lost();
      },
    });
    if (isLost) throw new Failure('recordsUnavailable', `the watch of ${channel} was cut at once`);
    if (this.#isClosed) {
      await watch.close();
    } else {
      assert(this.#watch === undefined, 'a watch is made again only after it was lost');
      stands = true;
      this.#watch = watch;
    }
  }

  #lost(): void {
    const { log, channel } = this.#options;
    this.#watch = undefined;
    if (this.#isClosed) return;
    log.write('watch_lost', { channel });
    void this.#attempt();
  }

  async #attempt(): Promise<void> {
    const { log, channel, onAgain } = this.#options;
    try {
      await this.#make();
    } catch (error) {
      this.#tryLater(error);
      return;
    }
    if (this.#isClosed) return;
    if (this.#failures > 0) log.write('watch_restored', { channel });
    this.#failures = 0;
    onAgain?.();
  }

  #tryLater(error: unknown): void {
    if (this.#isClosed) return;
    const { clock, log, channel } = this.#options;
    // Once, not at each attempt.
    if (this.#failures === 0) {
      log.write('watch_failed', { channel, reason: errorText(error) });
    }
    const waitMs = Math.min(WATCH_RETRY_MAX_MS, WATCH_RETRY_MIN_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#timer = clock.after(waitMs, () => void this.#attempt());
  }
}
