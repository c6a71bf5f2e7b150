import { assert } from '../base/assert.ts';
import type { ChangeOrigin } from '../scsi/unit-state.ts';
import { NEXUS_CHANGES_MAX } from './limits.ts';

interface Waiting {
  readonly origin: ChangeOrigin | undefined;
}

/** The document, the medium and tools ask as one, and are never refused. */
const NO_NEXUS = {};

/**
 * Changes of one logical unit that wait at this gateway. Nexuses take turns, change by change: one
 * that asks without a pause keeps no other from its next change.
 */
export class ChangeTurns<Change extends Waiting> {
  /** In the order of their turns; the changes of each in that of arrival. */
  readonly #lanes = new Map<object, Set<Change>>();

  get isEmpty(): boolean {
    return this.#lanes.size === 0;
  }

  /** The change whose turn it is. */
  get next(): Change | undefined {
    for (const lane of this.#lanes.values()) for (const change of lane) return change;
    return undefined;
  }

  get all(): readonly Change[] {
    return [...this.#lanes.values()].flatMap((lane) => [...lane]);
  }

  /** False: too many changes of its nexus wait already. */
  add(change: Change): boolean {
    const nexus = nexusOf(change);
    const lane = this.#lanes.get(nexus);
    if (lane === undefined) {
      this.#lanes.set(nexus, new Set([change]));
      return true;
    }
    if (nexus !== NO_NEXUS && lane.size >= NEXUS_CHANGES_MAX) return false;
    lane.add(change);
    return true;
  }

  /** It waits no longer: another nexus comes before the next change of this one. */
  remove(change: Change): void {
    const nexus = nexusOf(change);
    const lane = this.#lanes.get(nexus);
    assert(lane?.delete(change) === true, 'a change that is removed was waiting');
    this.#lanes.delete(nexus);
    if (lane.size > 0) this.#lanes.set(nexus, lane);
  }
}

function nexusOf({ origin }: Waiting): object {
  return origin?.nexus ?? NO_NEXUS;
}
