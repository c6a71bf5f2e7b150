import { assert } from '../base/assert.ts';
import { Failure } from '../base/failure.ts';
import { copyOf } from './record-arguments.ts';
import { CHANNEL_MESSAGE_LENGTH_MAX, type Member, WATCHES_MAX, type Watcher } from './records.ts';

/** The watches that one member has open. */
export class ChannelWatches {
  readonly #watchers = new Map<string, Set<Watcher>>();
  #count = 0;

  get channels(): string[] {
    return [...this.#watchers.keys()];
  }

  has(channel: string): boolean {
    return this.#watchers.has(channel);
  }

  /** Returns what takes the watch away again; later calls of it do nothing. */
  add(channel: string, watcher: Watcher): () => void {
    if (this.#count >= WATCHES_MAX) {
      throw new Failure('recordsTooLarge', `${WATCHES_MAX} watches are open`);
    }
    // A wrapper, so that one watcher may watch twice and each watch is taken away alone.
    const own: Watcher = {
      onNotify: (message, from) => watcher.onNotify(message, from),
      onLost: () => watcher.onLost(),
    };
    const watchers = this.#watchers.get(channel) ?? new Set();
    this.#watchers.set(channel, watchers.add(own));
    this.#count += 1;
    return () => {
      if (!watchers.delete(own)) return;
      this.#count -= 1;
      assert(this.#count >= 0, 'no more watches are taken away than were added');
      if (watchers.size === 0 && this.#watchers.get(channel) === watchers) {
        this.#watchers.delete(channel);
      }
    };
  }

  /**
   * Calls the channel's watchers, and `onAnswer` for each that answers. Resolves, when all have
   * ended, whether all answered: one that throws, or says too much, has not.
   */
  async call(
    channel: string,
    message: Uint8Array,
    from: Member,
    onAnswer: (payload: Uint8Array) => void,
  ): Promise<boolean> {
    const watchers = [...(this.#watchers.get(channel) ?? [])];
    const answered = await Promise.all(
      watchers.map(async (watcher) => {
        try {
          const payload = await watcher.onNotify(copyOf(message), from);
          if (payload.length > CHANNEL_MESSAGE_LENGTH_MAX) return false;
          onAnswer(copyOf(payload));
          return true;
        } catch {
          return false;
        }
      }),
    );
    return watchers.length > 0 && answered.every(Boolean);
  }

  /** Removes all watches, or those of the channels that `isLost` names, and tells each watcher. */
  lose(isLost: (channel: string) => boolean = () => true): void {
    const lost = [...this.#watchers].filter(([channel]) => isLost(channel));
    const told: Watcher[] = [];
    for (const [channel, watchers] of lost) {
      told.push(...watchers);
      this.#count -= watchers.size;
      watchers.clear();
      this.#watchers.delete(channel);
    }
    assert(this.#count >= this.#watchers.size, 'a channel that is left has a watcher');
    for (const watcher of told) watcher.onLost();
  }

  clear(): void {
    for (const watchers of this.#watchers.values()) watchers.clear();
    this.#watchers.clear();
    this.#count = 0;
  }
}
