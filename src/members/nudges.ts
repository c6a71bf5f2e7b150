import { type Clock, sleep } from '../base/clock.ts';
import type { Records, Watch } from '../records/records.ts';
import { NUDGE_TIMEOUT_MS, WATCH_RETRY_MS } from './limits.ts';

export const MEMBERS_CHANNEL = 'members';
const NOTHING = new Uint8Array(0);

export interface NudgesOptions {
  readonly records: Records;
  readonly clock: Clock;
  /** Somebody changed the members object. */
  readonly onNudge: () => void;
}

/**
 * Has the members read at once what was changed. Nothing depends on it: one that is lost costs the
 * time until the next heartbeat.
 */
export class Nudges {
  readonly #options: NudgesOptions;
  #watch: Watch | undefined;
  #isSending = false;
  #isOwed = false;
  #isClosed = false;

  constructor(options: NudgesOptions) {
    this.#options = options;
  }

  open(): void {
    void this.#watchOn();
  }

  close(): void {
    this.#isClosed = true;
    this.#watch?.close().catch(() => {});
    this.#watch = undefined;
  }

  send(): void {
    this.#isOwed = true;
    if (!this.#isSending) void this.#send();
  }

  async #send(): Promise<void> {
    const { records } = this.#options;
    this.#isSending = true;
    while (this.#isOwed && !this.#isClosed) {
      this.#isOwed = false;
      await records.notify(MEMBERS_CHANNEL, NOTHING, NUDGE_TIMEOUT_MS).catch(() => {});
    }
    this.#isSending = false;
  }

  async #watchOn(): Promise<void> {
    const { records, clock, onNudge } = this.#options;
    while (!this.#isClosed) {
      try {
        const watch = await records.watch(MEMBERS_CHANNEL, {
          onNotify: () => {
            onNudge();
            return NOTHING;
          },
          onLost: () => {
            this.#watch = undefined;
            void this.#watchOn();
          },
        });
        if (this.#isClosed) await watch.close().catch(() => {});
        else this.#watch = watch;
        return;
      } catch {
        await sleep(clock, WATCH_RETRY_MS);
      }
    }
  }
}
