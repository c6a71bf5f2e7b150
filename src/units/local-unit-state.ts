import { assert } from '../base/assert.ts';
import {
  type ChangeOrigin,
  COMMITTED,
  NOT_COMMITTED,
  NOT_ENFORCED,
  type SharedState,
  type UnitChange,
  type UnitEventTarget,
  type UnitState,
} from '../scsi/unit-state.ts';

type Outcome = Awaited<ReturnType<UnitState['commit']>>;

/** The state of a logical unit that only this gateway has: each change is committed here. */
export class LocalUnitState implements UnitState {
  #current: SharedState;
  #target: UnitEventTarget | undefined;
  #isClosed = false;
  /** It lives in the memory of its gateway. */
  readonly life = 0;
  readonly #onClose: () => void;

  constructor(initial: SharedState, onClose: () => void = () => {}) {
    this.#current = initial;
    this.#onClose = onClose;
  }

  get current(): SharedState {
    return this.#current;
  }

  /** The event takes effect before this returns; commands that it aborts may end later. */
  async commit(change: UnitChange, origin?: ChangeOrigin): Promise<Outcome> {
    assert(!this.#isClosed, 'a state that changes is open');
    if (origin?.isAborted === true) return NOT_COMMITTED;
    const transition = change(this.#current);
    if ('status' in transition) return transition;
    const { next, event } = transition;
    this.#current = next;
    const enforced = await this.#target?.apply({ state: next, event, origin });
    return enforced === false ? NOT_ENFORCED : COMMITTED;
  }

  async latest(): Promise<SharedState> {
    return this.#current;
  }

  /** No other gateway has sessions of it. */
  isLost(): boolean {
    return false;
  }

  attach(target: UnitEventTarget): void {
    assert(this.#target === undefined, 'events take effect at one logical unit');
    this.#target = target;
  }

  close(): void {
    assert(!this.#isClosed, 'a state is closed once');
    this.#isClosed = true;
    this.#target = undefined;
    this.#onClose();
  }
}
