import type { Clock, Timer } from '../../base/clock.ts';
import type { RadosPool } from '../../ceph/rados-pool.ts';
import type { RbdImage } from '../../ceph/rbd-image.ts';
import type { RbdImageInfo } from '../../ceph/rbd-image-info.ts';

/** After an update whose header could not be read, it is read again this much later. */
export const REFRESH_RETRY_MS = 500;

/** An open image as this class uses it. */
type HeaderImage = Pick<RbdImage, 'info' | 'refresh' | 'onUpdate' | 'updates'>;

/**
 * The known state of an open image, kept in step with its header: after each update by any client
 * the header is read again, the snapshot context of our own writes to data objects is set to it,
 * and `onChange` is called.
 */
export class ImageHeader {
  readonly #image: HeaderImage;
  readonly #dataPool: Pick<RadosPool, 'setSnapWriteContext'>;
  readonly #clock: Clock;
  readonly #onChange: (info: RbdImageInfo) => void;
  readonly #stopListening: () => void;
  #refreshing: Promise<void> | undefined;
  #isStale = false;
  /** Updates that librbd had reported when the header was last read. */
  #seen = 0;
  #again: Timer | undefined;
  #endWait: (() => void) | undefined;
  #isClosed = false;

  constructor(
    image: HeaderImage,
    dataPool: Pick<RadosPool, 'setSnapWriteContext'>,
    clock: Clock,
    onChange: (info: RbdImageInfo) => void,
  ) {
    this.#image = image;
    this.#dataPool = dataPool;
    this.#clock = clock;
    this.#onChange = onChange;
    dataPool.setSnapWriteContext(image.info.snapContext);
    this.#stopListening = image.onUpdate(() => this.#refreshIfChanged());
  }

  get info(): RbdImageInfo {
    return this.#image.info;
  }

  /**
   * Undefined when the header is known as of every update so far; else resolves when it is.
   * Operations submitted then carry the snapshot context of all those updates. The maker of a
   * snapshot continues when librbd has counted the update here, even if this thread has not been
   * notified yet.
   */
  get fresh(): Promise<void> | undefined {
    this.#refreshIfChanged();
    return this.#refreshing;
  }

  /** Reads the header again; resolves when all updates reported before this call are known. */
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

  #refreshIfChanged(): void {
    if (this.#image.updates !== this.#seen) void this.refresh();
  }

  async #refreshAll(): Promise<void> {
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false;
      this.#seen = this.#image.updates;
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
    // Cleared in the turn that reads `#isStale` last: an update in between would be lost.
    this.#refreshing = undefined;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#endWait = resolve;
      this.#again = this.#clock.after(REFRESH_RETRY_MS, resolve);
    });
  }
}
