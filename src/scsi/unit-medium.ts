import { assert } from '../base/assert.ts';
import type { Volume } from '../volume/volume.ts';

const BLOCK_LENGTH_MIN_BYTES = 512;

/** The currently open volume behind a logical unit, with its self-fence. */
export class UnitMedium {
  readonly volume: Volume;
  /** The volume is closed, and nothing is in flight on it. */
  isOver = false;
  readonly #onUnfenced: () => void;
  #fence: Promise<boolean> | undefined;

  /**
   * `onUnfenced`: the volume could not be fenced, nor opened again. What was submitted to it may
   * land at any time, until this gateway is fenced or its process has ended.
   */
  constructor(volume: Volume, onUnfenced: () => void) {
    const { alignmentBytes } = volume.limits;
    assert(BLOCK_LENGTH_MIN_BYTES % alignmentBytes === 0, 'every logical block is aligned');
    assert(volume.sizeBytes >= 0, 'a volume has a size');
    this.volume = volume;
    this.#onUnfenced = onUnfenced;
  }

  /** The volume is being fenced and opened again: medium access commands end BUSY. */
  get fencing(): boolean {
    return this.#fence !== undefined;
  }

  /**
   * The self-fence: resolves true when nothing that was submitted to the volume before can still
   * land. The volume is usable again some time later. False: that could not be ensured.
   */
  fence(): Promise<boolean> {
    this.#fence ??= this.#fenceVolume();
    return this.#fence;
  }

  async #fenceVolume(): Promise<boolean> {
    const { status } = await this.volume.fence();
    // A volume that was closed meanwhile no longer matters here.
    if (status === 'done') void this.#reopen();
    else if (status !== 'closed') this.#onUnfenced();
    return status === 'done';
  }

  async #reopen(): Promise<void> {
    const { status } = await this.volume.reopen();
    if (status === 'done' || status === 'closed') this.#fence = undefined;
    else this.#onUnfenced();
  }
}
