import type { Clock } from '../../base/clock.ts';
import { EILSEQ } from '../../ceph/errno.ts';
import type { RadosPool } from '../../ceph/rados-pool.ts';
import { IMAGE_BUFFERS_MAX, type RbdImage } from '../../ceph/rbd-image.ts';
import { fault } from '../refusal.ts';
import { lengthOf } from '../scatter.ts';
import { type Allocation, DONE, type VolumeResult } from '../volume.ts';
import { allocationExtents } from './allocation-extents.ts';
import { joined, spread } from './buffer-list.ts';
import { type CompareAndWriteImage, compareAndWrite } from './compare-and-write.ts';
import { runBytes } from './data-object.ts';
import { resultOf } from './errno-result.ts';
import { ImageHeader } from './image-header.ts';

/** Takes what an operation came to. */
export type Landed = (result: VolumeResult) => void;

/** The sector of librbd's own compare-and-write. */
const SECTOR_BYTES = 512;
const BUSY = fault('busy');
const CLOSED = fault('closed');

export interface ImageOpeningParts {
  readonly image: RbdImage;
  /** A handle of the opening's own, for the snapshot context that it carries. */
  readonly dataPool: RadosPool;
  readonly clock: Clock;
  readonly onSize: (sizeBytes: number) => void;
  /** Whether its client may submit now: it holds nothing back, and is not being fenced. */
  readonly maySubmit: () => boolean;
  /** Closes all that was opened for it. */
  readonly letGo: () => Promise<void>;
}

/**
 * An image open on one client instance: the operations of a volume, with their results. Ranges were
 * checked before.
 */
export class ImageOpening {
  readonly header: ImageHeader;
  readonly #image: RbdImage;
  readonly #exchanges: CompareAndWriteImage;
  readonly #letGo: () => Promise<void>;
  #closed: Promise<void> | undefined;

  constructor({ image, dataPool, clock, onSize, maySubmit, letGo }: ImageOpeningParts) {
    this.#letGo = letGo;
    this.#image = image;
    const header = new ImageHeader(image, dataPool, clock, ({ sizeBytes }) => onSize(sizeBytes));
    this.header = header;
    const refusal = (): VolumeResult | undefined => {
      if (this.#closed !== undefined) return CLOSED;
      return maySubmit() ? undefined : BUSY;
    };
    this.#exchanges = {
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
      exchange: dataPool.startCompareAndWrite.bind(dataPool),
      copyUp: (at) => this.#copyUp(at),
    };
  }

  /** The longest stretch that one operation of the cluster changes as a whole. */
  get atomicBytes(): number {
    return runBytes(this.header.info);
  }

  /** Those of the data path, which are many, call `landed`, later, where a promise each would tell. */
  read(offset: number, into: readonly Uint8Array[], landed: Landed): void {
    const length = lengthOf(into);
    const isLong = into.length > IMAGE_BUFFERS_MAX;
    const list = isLong ? [new Uint8Array(length)] : into;
    this.#image.startRead(offset, list, (read) => {
      if (isLong && read === length) spread(list[0]!, into);
      landed(readResult(read, length));
    });
  }

  write(offset: number, from: readonly Uint8Array[], landed: Landed): void {
    const list = from.length <= IMAGE_BUFFERS_MAX ? from : [joined(from)];
    this.#image.startWrite(offset, list, (errno) => landed(resultOf(errno, false)));
  }

  compareAndWrite(
    offset: number,
    compare: readonly Uint8Array[],
    write: readonly Uint8Array[],
    landed: Landed,
  ): void {
    compareAndWrite(this.#exchanges, offset, joined(compare), joined(write), landed);
  }

  async writeSame(offset: number, length: number, pattern: Uint8Array): Promise<VolumeResult> {
    return resultOf(await this.#image.writeSame(offset, length, pattern), false);
  }

  /** Exact to the byte, and gives back what objects are zeros as a whole. */
  async writeZeroes(offset: number, length: number): Promise<VolumeResult> {
    return resultOf(await this.#image.writeZeroes(offset, length), false);
  }

  async allocation(offset: number, length: number, extentsMax: number): Promise<Allocation> {
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
    this.#closed ??= this.#letGo();
    return this.#closed;
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

function readResult(read: number, length: number): VolumeResult {
  if (read < 0) return resultOf(read, true);
  // librbd cuts off what lies behind the end: the image has just shrunk.
  return read === length ? DONE : fault('outOfRange');
}
