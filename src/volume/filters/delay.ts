import { type Clock, sleep } from '../../base/clock.ts';
import type { Pending } from '../../base/pending.ts';
import type { Random } from '../../base/random.ts';
import type { Volume, VolumeResult } from '../volume.ts';
import { VolumeFilter, type VolumeOperation } from './volume-filter.ts';

/** How long a medium takes. */
export interface DelayOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** An operation lands up to this long after its submission: those in flight change places. */
  readonly beforeMs: number;
  /** Its result comes up to this long after it landed. */
  readonly afterMs: number;
}

/** Lets operations land late and out of order, and results come later still. */
export class Delay extends VolumeFilter {
  readonly #options: DelayOptions;

  constructor(inner: Volume, options: DelayOptions) {
    super(inner);
    this.#options = options;
  }

  protected override async around(
    _operation: VolumeOperation,
    submit: () => Pending<VolumeResult>,
  ): Promise<VolumeResult> {
    const { clock, random, beforeMs, afterMs } = this.#options;
    await sleep(clock, random.below(beforeMs + 1));
    const result = await submit();
    await sleep(clock, random.below(afterMs + 1));
    return result;
  }
}
