import { assert } from '../base/assert.ts';

/**
 * The usage of the store that holds a logical unit, as last reported; other units share the store.
 */
export interface SpaceFigures {
  readonly usedBytes: number;
  /** Bytes that may still be written there. */
  readonly availableBytes: number;
}

/** The threshold is re-armed when usage has fallen this far below it, because figures fluctuate. */
const THRESHOLD_HYSTERESIS_PERCENT = 1;

/** Bytes of a threshold set (SBC): the unit of resource counts and of the exponent of VPD B2h. */
export const THRESHOLD_SET_BYTES = 1024 * 1024;

/** THRESHOLD EXPONENT: a threshold set is 2 to this many logical blocks. */
export function thresholdExponent(blockLengthBytes: number): number {
  assert(THRESHOLD_SET_BYTES % blockLengthBytes === 0, 'a threshold set has whole blocks');
  return Math.log2(THRESHOLD_SET_BYTES / blockLengthBytes);
}

/** Follows the figures of a store, and reports when its usage reaches the soft threshold. */
export class ThinSpace {
  #figures: SpaceFigures | undefined;
  #isArmed = true;

  get figures(): SpaceFigures | undefined {
    return this.#figures;
  }

  /** True when usage has reached `softThresholdPercent` since it was last below. */
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
