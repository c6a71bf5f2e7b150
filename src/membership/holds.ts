import type { FencingDriver } from './fencing-driver.ts';

/** Why submissions are held: each reason by itself, and together as one. */
type HoldReason = 'barrier' | 'doubt' | 'over';

/** Has the driver hold while there is a reason to, and release when there is none left. */
export class Holds {
  readonly #driver: FencingDriver;
  readonly #reasons = new Set<HoldReason>();

  constructor(driver: FencingDriver) {
    this.#driver = driver;
  }

  add(reason: HoldReason): void {
    if (this.#reasons.size === 0) this.#driver.hold();
    this.#reasons.add(reason);
  }

  remove(reason: HoldReason): void {
    if (this.#reasons.delete(reason) && this.#reasons.size === 0) this.#driver.release();
  }
}
