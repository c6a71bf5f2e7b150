import type { Clock, Timer } from '../../base/clock.ts';
import type { RadosPool } from '../../ceph/rados-pool.ts';
import type { RbdImage } from '../../ceph/rbd-image.ts';
import type { RbdImageInfo } from '../../ceph/rbd-image-info.ts';

/** After an update whose header could not be read, it is read again this much later. */
export const REFRESH_AGAIN_MS = 500;

/**
 * What is known of an open image, kept in step with its header: after each update by any client the
 * header is read again, the snapshot context of our own writes to data objects is set to it, and
 * `onChange` is called.
 */
export class ImageHeader {
  readonly #image: Pick<RbdImage, 'info' | 'refresh' | 'onUpdate'>;
  readonly #dataPool: Pick<RadosPool, 'setSnapWriteContext'>;
  readonly #clock: Clock;
  readonly #onChange: (info: RbdImageInfo) => void;
  readonly #stopListening: () => void;
  #refreshing: Promise<void> | undefined;
  #isStale = false;
  #again: Timer | undefined;
  #endWait: (() => void) | undefined;
  #isClosed = false;

  constructor(
    image: Pick<RbdImage, 'info' | 'refresh' | 'onUpdate'>,
    dataPool: Pick<RadosPool, 'setSnapWriteContext'>,
    clock: Clock,
    onChange: (info: RbdImageInfo) => void,
  ) {
    this.#image = image;
    this.#dataPool = dataPool;
    this.#clock = clock;
    this.#onChange = onChange;
    dataPool.setSnapWriteContext(image.info.snapContext);
    this.#stopListening = image.onUpdate(() => void this.refresh());
  }

  get info(): RbdImageInfo {
    return this.#image.info;
  }

  /**
   * Undefined when the header is known as of every update that was told so far; else resolves when
   * it is. What is submitted then carries the snapshot context that such an update made.
   */
  get fresh(): Promise<void> | undefined {
    return this.#refreshing;
  }

  /** Reads the header again; resolves when all is known that was told before this call. */
  refresh(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isStale = true;
    this.#refreshing ??= this.#refreshAll();
    return this.#refreshing;
  }

  close(): void {
    this.#isClosed = true;
    this.#stopListening();
    this.#again?.cancel();
    this.#endWait?.();
  }

  async #refreshAll(): Promise<void> {
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false;
      const errno = await this.#image.refresh();
      if (this.#isClosed) break;
      if (errno < 0) {
        this.#isStale = true;
        await this.#pause();
      } else {
        this.#dataPool.setSnapWriteContext(this.#image.info.snapContext);
        this.#onChange(this.#image.info);
      }
    }
    // In the same turn as the last look at `isStale`: an update between would be forgotten.
    this.#refreshing = undefined;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#endWait = resolve;
      this.#again = this.#clock.after(REFRESH_AGAIN_MS, resolve);
    });
  }
}
