import type { Pending } from '../../../src/base/pending.ts';
import type { VolumeOperation } from '../../../src/volume/filters/stats.ts';
import type { Volume, VolumeResult } from '../../../src/volume/volume.ts';
import { VolumeFilter } from '../../doubles/volume-filter.ts';

/** Holds operations of a medium, whatever gateway submits them, until they are released. */
export class MediumHold {
  /** What is submitted from now on is held. */
  isArmed = false;
  readonly #held: (() => void)[] = [];

  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** The oldest first. */
  release(): void {
    for (const go of this.#held.splice(0)) go();
  }

  pass(submit: () => Pending<VolumeResult>): Pending<VolumeResult> {
    if (!this.isArmed) return submit();
    return new Promise<void>((go) => this.#held.push(go)).then(submit);
  }
}

/** A volume whose operations can be held. */
export class HeldVolume extends VolumeFilter {
  readonly #hold: MediumHold;

  constructor(inner: Volume, hold: MediumHold) {
    super(inner);
    this.#hold = hold;
  }

  protected around(
    _operation: VolumeOperation,
    submit: () => Pending<VolumeResult>,
  ): Pending<VolumeResult> {
    return this.#hold.pass(submit);
  }
}
