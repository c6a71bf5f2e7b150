import type { Clock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import type { Records } from '../records/records.ts';
import { NUDGE_TIMEOUT_MS } from './limits.ts';
import { StandingWatch } from './standing-watch.ts';

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
  readonly #watch: StandingWatch;
  #isSending = false;
  #isOwed = false;
  #isClosed = false;

  constructor(options: NudgesOptions) {
    this.#options = options;
    const { records, clock, onNudge } = options;
    this.#watch = new StandingWatch({
      ...{ records, clock, channel: MEMBERS_CHANNEL },
      // A loss costs the time until the next heartbeat, which is not worth a line.
      log: silentLog,
      onNotify: () => {
        onNudge();
        return NOTHING;
      },
    });
  }

  open(): void {
    this.#watch.start();
  }

  close(): void {
    this.#isClosed = true;
    this.#watch.close().catch(() => {});
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
}
