import type { Random } from '../../src/base/random.ts';

type Action = () => void;

/** What is to happen at the end of a turn, in an order of the seed: nobody is promised one. */
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

  /** What this turn asked for; what is asked for from now on belongs to the next. */
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
