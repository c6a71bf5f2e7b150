/**
 * Counts operations that were submitted and are not done, so that a drain waits for exactly those
 * that came before it: operations that start later do not delay it.
 */
export class InFlight {
  #epoch: Epoch = { count: 0, after: [] };
  /** Epochs closed by a drain and not empty yet, oldest first. */
  readonly #closed: Epoch[] = [];

  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Returns what `end` wants. */
  begin(): Epoch {
    this.#count++;
    this.#epoch.count++;
    return this.#epoch;
  }

  end(epoch: Epoch): void {
    this.#count--;
    epoch.count--;
    while (this.#closed[0]?.count === 0) {
      for (const action of this.#closed.shift()!.after) action();
    }
  }

  /** Resolves when all that has begun has ended. */
  drain(): Promise<void> {
    if (this.count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const last = this.#closed.at(-1);
      if (this.#epoch.count === 0 && last !== undefined) {
        last.after.push(resolve);
        return;
      }
      this.#epoch.after.push(resolve);
      this.#closed.push(this.#epoch);
      this.#epoch = { count: 0, after: [] };
    });
  }
}

export interface Epoch {
  count: number;
  readonly after: (() => void)[];
}
