import type { Random } from '../../src/base/random.ts';

type Action = () => void;

/** The callbacks at the end of a turn, in an order of the seed, because the order is undefined. */
export class TurnEnd {
  readonly #random: Random;
  #actions: Action[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  get isEmpty(): boolean {
    return this.#actions.length === 0;
  }

  add(action: Action): void {
    this.#actions.push(action);
  }

  /** The callbacks of this turn; those that are added from now on belong to the next. */
  take(): Action[] {
    const actions = this.#actions;
    this.#actions = [];
    for (let left = actions.length; left > 1; left--) {
      const at = this.#random.below(left);
      [actions[at], actions[left - 1]] = [actions[left - 1]!, actions[at]!];
    }
    return actions;
  }

  clear(): void {
    this.#actions = [];
  }
}
