import type { SeededRandom } from '../../support/seeded-random.ts';
import type { NexusEnds } from './program.ts';

/** 0 is no key. */
const KEYS = [0x11, 0x22, 0x33];

/**
 * The reservation keys that nexuses may have by what a program did so far: a guess, so that most
 * keys are given right.
 */
export class ProgramKeys {
  readonly nexuses: readonly NexusEnds[];
  readonly #random: SeededRandom;
  readonly #keys = new Map<string, number>();
  /** The nexus that reserved last, or had a copy made: it has more to ask for. */
  favourite: number | undefined;
  /** The token that was asked for last. */
  token: { readonly lun: number; readonly listId: number } | undefined;

  constructor(random: SeededRandom, nexuses: readonly NexusEnds[]) {
    this.#random = random;
    this.nexuses = nexuses;
  }

  any(): number {
    return this.#random.pick(KEYS);
  }

  of(nexus: number, lun: number): number {
    return this.#keys.get(`${nexus} ${lun}`) ?? 0;
  }

  /** Of any nexus that has one. */
  registered(): number {
    const keys = [...this.#keys.values()].filter((key) => key !== 0);
    return keys.length === 0 ? this.any() : this.#random.pick(keys);
  }

  register(nexus: number, lun: number, key: number): void {
    this.#keys.set(`${nexus} ${lun}`, key);
  }

  /** Every registration with that key is over; without one, all are. */
  remove(lun: number, key?: number): void {
    for (const nexus of this.nexuses.keys()) {
      if (key === undefined || this.of(nexus, lun) === key) this.register(nexus, lun, 0);
    }
  }
}
