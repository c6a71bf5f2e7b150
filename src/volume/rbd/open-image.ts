import type { Clock } from '../../base/clock.ts';
import type { Completion } from '../../ceph/ceph-calls.ts';
import { EILSEQ } from '../../ceph/errno.ts';
import type { RadosPool } from '../../ceph/rados-pool.ts';
import { IMAGE_BUFFERS_MAX, type RbdImage } from '../../ceph/rbd-image.ts';
import type { Log } from '../../log/log.ts';
import { fault } from '../refusal.ts';
import { type Allocation, DONE, type VolumeResult } from '../volume.ts';
import { allocationExtents } from './allocation-extents.ts';
import { joined } from './buffer-list.ts';
import { type CompareAndWriteImage, compareAndWrite } from './compare-and-write.ts';
import { type CopyDestination, type CopySource, copyObjects } from './copy-objects.ts';
import { runBytes } from './data-object.ts';
import { resultOf } from './errno-result.ts';
import { HeaderBarrier } from './header-barrier.ts';
import { ImageHeader } from './image-header.ts';
import { type ImageFacts, type ImageProblem, unsuitable } from './image-problems.ts';
import { headerObject } from './image-settings.ts';
import { type ImageSettings, ImageVerdict } from './image-verdict.ts';

/** Takes the result of an operation. */
export type OnResult = (result: VolumeResult) => void;

/** The sector of librbd's own compare-and-write. */
const SECTOR_BYTES = 512;
const BUSY = fault('busy');
const CLOSED = fault('closed');

/** The events of an open image for its volume. */
export interface OpenImageListener {
  onSize(sizeBytes: number): void;
  /** Several gateways may no longer serve the image, for these reasons; or may again: none. */
  onVerdict(problems: readonly ImageProblem[]): void;
  /** Writes that were held may be submitted. */
  onRelease(): void;
  /** The cluster refuses its client the header. Called for each attempt. */
  onForbidden(): void;
}

interface OpenImageParts {
  readonly image: RbdImage;
  /** As Ceph's tools name them. */
  readonly place: Pick<ImageFacts, 'spec' | 'pool'>;
  /** A handle of its own, for the snapshot context that it carries. */
  readonly dataPool: RadosPool;
  readonly settings: ImageSettings;
  /** Rejects with `Failure('cephFailed')`. */
  readonly readSettings: () => Promise<ImageSettings>;
  readonly clock: Clock;
  readonly log: Log;
  readonly listener: OpenImageListener;
  /** Whether its client may submit now: it holds nothing back, and is not being fenced. */
  readonly maySubmit: () => boolean;
  /** Its client is on the blocklist. */
  readonly onBlocklisted: () => void;
  /** Closes all that was opened for it. */
  readonly release: () => Promise<void>;
}

/**
 * An image open on one client instance: the operations of a volume, with their results. Ranges were
 * checked before.
 */
export class OpenImage {
  readonly header: ImageHeader;
  readonly verdict: ImageVerdict;
  readonly #image: RbdImage;
  readonly #compareAndWriteOf: CompareAndWriteImage;
  readonly #barrier: HeaderBarrier;
  readonly #parts: OpenImageParts;
  #writesInFlight = 0;
  #onWritesIdle: (() => void)[] = [];
  #closed: Promise<void> | undefined;

  /** In step with the other gateways that have the image open. Rejects with a `Failure`. */
  static async open(parts: OpenImageParts): Promise<OpenImage> {
    const image = new OpenImage(parts);
    try {
      await image.#barrier.open();
      const { problems } = image.verdict;
      if (problems.length > 0) throw unsuitable(parts.place.spec, problems);
      return image;
    } catch (error) {
      void image.close();
      throw error;
    }
  }

  private constructor(parts: OpenImageParts) {
    const { image, dataPool, clock, log, settings, listener } = parts;
    this.#parts = parts;
    this.#image = image;
    this.verdict = new ImageVerdict(parts.place, settings, (problems) =>
      listener.onVerdict(problems),
    );
    this.header = new ImageHeader(image, dataPool, clock, (info) => {
      this.verdict.update(info);
      listener.onSize(info.sizeBytes);
      // A setting of the pool changes without a change of the header.
      this.#refreshSettings().catch(() => {});
    });
    this.#barrier = new HeaderBarrier({
      pool: image.pool,
      object: headerObject(image.info.id),
      image: parts.place.spec,
      clock,
      log,
      writesIdle: () => this.#writesIdle(),
      onFeatures: (features) => this.verdict.update({ ...this.header.info, features }),
      refresh: async () => {
        await this.header.refresh();
        await this.#refreshSettings();
      },
      isServable: () => this.verdict.refusal === undefined,
      onRelease: () => listener.onRelease(),
      onBlocklisted: parts.onBlocklisted,
      onForbidden: () => listener.onForbidden(),
    });
    this.#compareAndWriteOf = this.#compareAndWriteImage(dataPool);
  }

  /** Whether a write has to wait: until `onRelease`. */
  get holdsWrites(): boolean {
    return this.#barrier.holdsWrites;
  }

  /** The longest stretch that one operation of the cluster changes as a whole. */
  get atomicBytes(): number {
    return runBytes(this.header.info);
  }

  /**
   * Data-path operations end by a completion, later: a promise each is too expensive. Returns why
   * nothing is submitted, if so.
   */
  read(
    offset: number,
    into: readonly Uint8Array[],
    completion: Completion,
  ): VolumeResult | undefined {
    const { refusal } = this.verdict;
    if (refusal === undefined) this.#image.startRead(offset, into, completion);
    return refusal;
  }

  /** As `read`; the completion calls `writeEnded`. */
  write(
    offset: number,
    from: readonly Uint8Array[],
    completion: Completion,
  ): VolumeResult | undefined {
    const { refusal } = this.verdict;
    if (refusal !== undefined) return refusal;
    this.#writesInFlight++;
    const list = from.length <= IMAGE_BUFFERS_MAX ? from : [joined(from)];
    this.#image.startWrite(offset, list, completion);
    return undefined;
  }

  writeEnded(): void {
    if (--this.#writesInFlight > 0 || this.#onWritesIdle.length === 0) return;
    for (const resolve of this.#onWritesIdle.splice(0)) resolve();
  }

  compareAndWrite(
    offset: number,
    compare: readonly Uint8Array[],
    write: readonly Uint8Array[],
    onResult: OnResult,
  ): void {
    this.#writesInFlight++;
    compareAndWrite(this.#compareAndWriteOf, offset, joined(compare), joined(write), (result) => {
      this.writeEnded();
      onResult(result);
    });
  }

  /** Copies from an image of the same cluster, which may be this one. */
  copyFrom(
    source: OpenImage,
    sourceOffset: number,
    offset: number,
    length: number,
  ): Promise<VolumeResult> {
    return copyObjects(source.#copySource(), this.#copyDestination(), {
      sourceOffset,
      offset,
      length,
    });
  }

  writeSame(offset: number, length: number, pattern: Uint8Array): Promise<VolumeResult> {
    return this.#zeroing(offset, () => this.#image.writeSame(offset, length, pattern));
  }

  /** Exact to the byte; deallocates objects that become zeros as a whole. */
  writeZeroes(offset: number, length: number): Promise<VolumeResult> {
    return this.#zeroing(offset, () => this.#image.writeZeroes(offset, length));
  }

  async allocation(offset: number, length: number, extentsMax: number): Promise<Allocation> {
    const { refusal } = this.verdict;
    if (refusal !== undefined) return { result: refusal, extents: [] };
    // A diff may cut one of our extents into several.
    const asked = { extentsMax: 4 * extentsMax + 4 };
    const { errno, extents, more } = await this.#image.diffIterate(offset, length, asked);
    if (errno < 0) return { result: resultOf(errno, true), extents: [] };
    const found = allocationExtents(extents, more, offset, length, extentsMax);
    return { result: DONE, extents: found };
  }

  /** Hangs while an OSD is silent. */
  close(): Promise<void> {
    this.header.close();
    this.#closed ??= this.#barrier.close().then(() => this.#parts.release());
    return this.#closed;
  }

  /**
   * Removes objects where no parent backs them: a gateway that does not know yet that the parent is
   * gone would see the parent's data in their place, or write it back. The barrier keeps that apart
   * except where librbd learned of the new header after this was submitted; then the operation is
   * repeated when every gateway has learned of it, before it is reported as done.
   */
  async #zeroing(offset: number, submit: () => Promise<number>): Promise<VolumeResult> {
    for (;;) {
      const { refusal } = this.verdict;
      if (refusal !== undefined) return refusal;
      const wasBacked = offset < this.header.info.parentOverlapBytes;
      const updates = wasBacked ? this.#image.updates : 0;
      this.#writesInFlight++;
      const errno = await submit();
      this.writeEnded();
      if (errno < 0 || !wasBacked || this.#image.updates === updates) return resultOf(errno, false);
      await this.header.refresh();
      await this.#barrier.released;
      if (this.#closed !== undefined) return CLOSED;
      if (this.header.info.parentOverlapBytes > offset) return resultOf(errno, false);
    }
  }

  async #refreshSettings(): Promise<void> {
    const settings = await this.#parts.readSettings();
    this.verdict.update(this.header.info, settings);
  }

  #writesIdle(): Promise<void> {
    if (this.#writesInFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onWritesIdle.push(resolve));
  }

  #copySource(): CopySource {
    const image = this.#compareAndWriteOf;
    const refusal = (): VolumeResult | undefined =>
      this.#closed === undefined ? this.verdict.refusal : CLOSED;
    return {
      dataPool: this.#parts.dataPool,
      get layout() {
        return image.layout;
      },
      get parentOverlapBytes() {
        return image.parentOverlapBytes;
      },
      get refusal() {
        return refusal();
      },
    };
  }

  #copyDestination(): CopyDestination {
    const { dataPool } = this.#parts;
    const image = this.#compareAndWriteOf;
    const holdsWrites = (): boolean => this.holdsWrites;
    return {
      get refusal() {
        return image.refusal;
      },
      get fresh() {
        return image.fresh;
      },
      get layout() {
        return image.layout;
      },
      get holdsWrites() {
        return holdsWrites();
      },
      copyObject: async (object, sourcePool, source) => {
        this.#writesInFlight++;
        const copied = Promise.withResolvers<number>();
        dataPool.startCopy(object, sourcePool, source, copied.resolve);
        const errno = await copied.promise;
        this.writeEnded();
        return errno;
      },
      writeZeroes: (at, bytes) => this.writeZeroes(at, bytes),
    };
  }

  #compareAndWriteImage(dataPool: RadosPool): CompareAndWriteImage {
    const { header } = this;
    const refusal = (): VolumeResult | undefined => {
      if (this.#closed !== undefined) return CLOSED;
      return this.#parts.maySubmit() ? this.verdict.refusal : BUSY;
    };
    return {
      get refusal() {
        return refusal();
      },
      get fresh() {
        return header.fresh;
      },
      get layout() {
        return header.info;
      },
      get parentOverlapBytes() {
        return header.info.parentOverlapBytes;
      },
      compareAndWrite: dataPool.startCompareAndWrite.bind(dataPool),
      copyUp: (at) => this.#copyUp(at),
    };
  }

  /**
   * librbd copies an object up for any write, also for one that miscompares; what compares is
   * written as it is. It knows the parent of now, and so does the header afterwards.
   */
  async #copyUp(offset: number): Promise<VolumeResult> {
    const sector = new Uint8Array(SECTOR_BYTES);
    const at = offset - (offset % SECTOR_BYTES);
    const { errno } = await this.#image.compareAndWrite(at, sector, sector);
    if (errno < 0 && errno !== EILSEQ) return resultOf(errno, false);
    await this.header.refresh();
    return DONE;
  }
}
