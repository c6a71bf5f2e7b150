import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { Membership } from '../membership/membership.ts';
import { SETTLE_AFTER_MS } from './limits.ts';

interface MarksOptions {
  readonly membership: Pick<Membership, 'mark' | 'unmark' | 'self'>;
  readonly clock: Clock;
  /** Writes the last event of the logical unit as settled; resolves whether it is. */
  readonly settle: (uuid: string) => Promise<boolean>;
}

interface Mark {
  /** Commits that are under way. */
  users: number;
  isSet: boolean;
  timer: Timer | undefined;
}

/**
 * The marks of this gateway: each is set before a commit, and stays until the logical unit has been
 * idle for a while and its last event is written as settled. Many at a time are set in one step.
 */
export class Marks {
  readonly #options: MarksOptions;
  readonly #marks = new Map<string, Mark>();
  /** Changes of the members object, one after the other. */
  #working: Promise<void> = Promise.resolve();
  #wanted = new Set<string>();
  #setting: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: MarksOptions) {
    this.#options = options;
  }

  /** Resolves when the logical unit is marked, and keeps it so until `release`. Rejects. */
  async hold(uuid: string): Promise<void> {
    const mark = this.#marks.get(uuid) ?? { users: 0, isSet: false, timer: undefined };
    this.#marks.set(uuid, mark);
    mark.users += 1;
    mark.timer?.cancel();
    mark.timer = undefined;
    if (mark.isSet) return;
    try {
      await this.#set(uuid);
      mark.isSet = true;
    } catch (error) {
      this.release(uuid);
      throw error;
    }
  }

  release(uuid: string): void {
    const mark = this.#marks.get(uuid);
    assert(mark !== undefined && mark.users > 0, 'a mark that is released is held');
    mark.users -= 1;
    if (mark.users === 0) this.#removeLater(uuid, mark);
  }

  /** The marks stay: this gateway is over, or others settle for it. */
  close(): void {
    this.#isClosed = true;
    for (const { timer } of this.#marks.values()) timer?.cancel();
  }

  #set(uuid: string): Promise<void> {
    this.#wanted.add(uuid);
    this.#setting ??= this.#inTurn(async () => {
      const units = [...this.#wanted];
      this.#wanted = new Set();
      this.#setting = undefined;
      await this.#options.membership.mark(units);
    });
    return this.#setting;
  }

  #removeLater(uuid: string, mark: Mark): void {
    if (this.#isClosed) return;
    mark.timer?.cancel();
    mark.timer = this.#options.clock.after(SETTLE_AFTER_MS, () => void this.#remove(uuid, mark));
  }

  async #remove(uuid: string, mark: Mark): Promise<void> {
    mark.timer = undefined;
    const isSettled = await this.#options.settle(uuid);
    // In use now, or meanwhile: removed after that use.
    if (mark.users > 0 || mark.timer !== undefined) return;
    if (!isSettled) return this.#removeLater(uuid, mark);
    // A commit meanwhile sets it again, in the turn after this.
    mark.isSet = false;
    const { self } = this.#options.membership;
    try {
      await this.#inTurn(() => this.#options.membership.unmark([{ unit: uuid, author: self }]));
    } catch {
      return this.#removeLater(uuid, mark);
    }
    if (mark.users === 0) this.#marks.delete(uuid);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#working.then(work);
    this.#working = done.catch(() => {});
    return done;
  }
}
