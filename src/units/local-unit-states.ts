import { assert } from '../base/assert.ts';
import type { SharedState, UnitState, UnitStates } from '../scsi/unit-state.ts';
import { LocalUnitState } from './local-unit-state.ts';

/** The states of the logical units of one gateway, by uuid; no other gateway shares them. */
export class LocalUnitStates implements UnitStates {
  readonly #states = new Map<string, LocalUnitState>();

  holds(uuid: string): boolean {
    return this.#states.has(uuid);
  }

  /** Nobody waits for its events. */
  enforcedOf(_uuid: string): number | undefined {
    return undefined;
  }

  async open(initial: SharedState): Promise<UnitState> {
    const { uuid } = initial.identity;
    assert(!this.#states.has(uuid), 'a disk has one state');
    const state = new LocalUnitState(initial, () => this.#states.delete(uuid));
    this.#states.set(uuid, state);
    return state;
  }
}
