import { assert } from '../base/assert.ts';

/** How full the store is that holds a logical unit, as last told; shared with others. */
export interface SpaceFigures {
  readonly usedBytes: number;
  /** What may still be written there. */
  readonly availableBytes: number;
}

/** The threshold is armed again when use has fallen this far below it: figures waver. */
const THRESHOLD_HYSTERESIS_PERCENT = 1;

/** Bytes of a threshold set (SBC): what resource counts and the exponent of VPD B2h count in. */
export const THRESHOLD_SET_BYTES = 1024 * 1024;

/** THRESHOLD EXPONENT: a threshold set is 2 to this many logical blocks. */
export function thresholdExponent(blockLengthBytes: number): number {
  assert(THRESHOLD_SET_BYTES % blockLengthBytes === 0, 'a threshold set has whole blocks');
  return Math.log2(THRESHOLD_SET_BYTES / blockLengthBytes);
}

/** Follows the figures of a store, and says when its use reaches the soft threshold. */
export class ThinSpace {
  #figures: SpaceFigures | undefined;
  #isArmed = true;

  get figures(): SpaceFigures | undefined {
    return this.#figures;
  }

  /** True when use has reached `softThresholdPercent` since it was last below. */
  update(figures: SpaceFigures, softThresholdPercent: number): boolean {
    this.#figures = figures;
    const { usedBytes, availableBytes } = figures;
    assert(softThresholdPercent >= 0 && softThresholdPercent <= 100, 'a threshold is a share');
    assert(usedBytes >= 0 && availableBytes >= 0, 'a store holds no less than nothing');
    const total = usedBytes + availableBytes;
    const usedPercent = total === 0 ? 0 : (usedBytes / total) * 100;
    if (usedPercent < softThresholdPercent - THRESHOLD_HYSTERESIS_PERCENT) this.#isArmed = true;
    if (usedPercent < softThresholdPercent || !this.#isArmed) return false;
    this.#isArmed = false;
    return true;
  }
}
