import type { Clock } from '../base/clock.ts';
import { silentLog } from '../log/log.ts';
import { PersistentWatch } from '../records/persistent-watch.ts';
import type { Records } from '../records/records.ts';
import { CHANGE_NOTIFY_TIMEOUT_MS } from './limits.ts';

const MEMBERS_CHANNEL = 'members';
const NOTHING = new Uint8Array(0);

interface ChangeNotifierOptions {
  readonly records: Records;
  readonly clock: Clock;
  /** Somebody changed the members object. */
  readonly onChange: () => void;
}

/**
 * Has the members read a change at once. Correctness does not depend on it: a lost notification
 * costs the time until the next heartbeat.
 */
export class ChangeNotifier {
  readonly #options: ChangeNotifierOptions;
  readonly #watch: PersistentWatch;
  #isSending = false;
  #isOwed = false;
  #isClosed = false;

  constructor(options: ChangeNotifierOptions) {
    this.#options = options;
    const { records, clock, onChange } = options;
    this.#watch = new PersistentWatch({
      ...{ records, clock, channel: MEMBERS_CHANNEL },
      // A loss costs the time until the next heartbeat, which is not worth a line.
      log: silentLog,
      onNotify: () => {
        onChange();
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
      await records.notify(MEMBERS_CHANNEL, NOTHING, CHANGE_NOTIFY_TIMEOUT_MS).catch(() => {});
    }
    this.#isSending = false;
  }
}
