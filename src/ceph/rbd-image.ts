import { assert } from '../base/assert.ts';
import { CallGate } from './call-gate.ts';
import type { Answer, CephCalls, Completion, OperationCounter } from './ceph-calls.ts';
import { cephFailure } from './ceph-failure.ts';
import { EAGAIN, EILSEQ, ESHUTDOWN } from './errno.ts';
import type { ImageSubmission } from './image-submission.ts';
import { nativeProtocol } from './native-protocol.ts';
import type { RadosPool } from './rados-pool.ts';
import { imageInfo, type NativeImageInfo, type RbdImageInfo } from './rbd-image-info.ts';

interface RbdOpenOptions {
  /** No watch on the header: the info goes stale. */
  readonly readOnly?: boolean;
  /** The id of the image, whatever its current name; `name` is then only a label. */
  readonly id?: string | undefined;
}

interface CompareAndWriteResult {
  /** 0; -EILSEQ: miscompared; -EINVAL: the range is not inside one 512-byte sector. */
  readonly errno: number;
  /**
   * As librbd gives it: of Ceph 16, the first byte in the image of the data object, plus the index
   * of the first differing byte. 0 unless `errno` is -EILSEQ.
   */
  readonly mismatchOffset: number;
}

interface DiffResult {
  readonly errno: number;
  /** In order; what lies between them was never written. `exists` false: discarded since. */
  readonly extents: readonly RbdExtent[];
  /** Whether more follow than `extentsMax`. */
  readonly more: boolean;
}

interface RbdExtent {
  readonly offset: number;
  readonly length: number;
  readonly exists: boolean;
}

/** The most operations that one image has in flight; more end -EAGAIN and are not submitted. */
export const IMAGE_OPERATIONS_MAX = 2048;
/** The most buffers of one operation (IOV_MAX of Linux). */
export const IMAGE_BUFFERS_MAX = 1024;

/**
 * The most searches of one image under way; more wait. An image whose OSD does not answer leaves
 * the threads of its client to other images.
 */
export const IMAGE_SEARCHES_MAX = 4;

const EXTENTS_MAX = 65_536;

/**
 * An open image. Operations end with 0 (or the number of bytes read) or with a negated errno.
 *
 * - Buffers belong to Ceph until the operation ended: it reads and fills them in place. They stay
 *   alive meanwhile, even if the caller drops them.
 * - librbd does not check ranges: it silently truncates a range that crosses the end of the image.
 * - An acknowledged write is durable (rbd_cache=false).
 * - Operations of one callback of the event loop are submitted together when it ends, in order.
 */
export class RbdImage implements OperationCounter {
  readonly name: string;
  readonly pool: RadosPool;
  readonly #calls: CephCalls;
  readonly #submission: ImageSubmission;
  readonly #handle: number;
  readonly #searches = new CallGate(IMAGE_SEARCHES_MAX);
  readonly #listeners = new Set<() => void>();
  readonly #updateSlot: number;
  #info: RbdImageInfo;
  #inFlight = 0;
  #closed: Promise<number> | undefined;
  #idle: (() => void) | undefined;

  private constructor(pool: RadosPool, name: string, opened: Opened, updateSlot: number) {
    this.pool = pool;
    this.name = name;
    this.#calls = pool.calls;
    this.#submission = pool.calls.submission;
    this.#handle = opened.handle;
    this.#info = imageInfo(opened.info);
    this.#updateSlot = updateSlot;
  }

  /** Rejects with `Failure('cephFailed')`: -ENOENT, -ESHUTDOWN of a blocklisted client. */
  static async open(
    pool: RadosPool,
    name: string,
    { readOnly = false, id }: RbdOpenOptions = {},
  ): Promise<RbdImage> {
    const { calls } = pool;
    let onUpdate = () => {};
    const updateSlot = calls.take(() => onUpdate());
    if (updateSlot === undefined) throw cephFailure('rbd_open', EAGAIN, `the image ${name}`);
    const { errno, value } = await pool.gate.run(() =>
      calls.call<Opened>((native, slot) =>
        native.openImage(
          ...([slot, updateSlot, pool.handle, id ?? name, readOnly, id !== undefined] as const),
        ),
      ),
    );
    if (errno < 0) {
      calls.free(updateSlot);
      throw cephFailure('rbd_open', errno, `the image ${name}`);
    }
    const image = new RbdImage(pool, name, value, updateSlot);
    onUpdate = () => image.#onUpdate();
    return image;
  }

  /**
   * Updates by any client that librbd has reported, including those whose `onUpdate` is still to
   * come. librbd answers the client that made the change only after it has counted here.
   */
  get updates(): number {
    return this.#calls.native.imageUpdates(this.#handle);
  }

  /** As of the open, or of the last `refresh`. */
  get info(): RbdImageInfo {
    return this.#info;
  }

  /** Operations and calls in flight. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Fills `into` in order; unwritten ranges read as zeros. Resolves with the number of bytes read.
   */
  read(offset: number, into: readonly Uint8Array[]): Promise<number> {
    return this.#submit(nativeProtocol.imageRead, offset, 0, into, 0);
  }

  write(offset: number, from: readonly Uint8Array[]): Promise<number> {
    return this.#submit(nativeProtocol.imageWrite, offset, 0, from, 0);
  }

  /** `read` without a promise: `completion` takes what it would resolve with. */
  startRead(offset: number, into: readonly Uint8Array[], completion: Completion): void {
    this.#start(nativeProtocol.imageRead, offset, 0, into, 0, completion);
  }

  /** `write` without a promise, as `startRead`. */
  startWrite(offset: number, from: readonly Uint8Array[], completion: Completion): void {
    this.#start(nativeProtocol.imageWrite, offset, 0, from, 0, completion);
  }

  /**
   * Writes `write` if `compare` (as long) equals what is there; executed at the OSD. Ceph 16 takes
   * a range inside one 512-byte sector and answers -EINVAL to all others; Reef and later one stripe
   * unit. One buffer each.
   */
  compareAndWrite(
    offset: number,
    compare: Uint8Array,
    write: Uint8Array,
  ): Promise<CompareAndWriteResult> {
    assert(compare.length === write.length, 'compare and write are of one length');
    return new Promise((resolve) => {
      const complete = (errno: number, mismatchOffset: number) =>
        resolve({ errno, mismatchOffset: errno === EILSEQ ? mismatchOffset : 0 });
      this.#start(
        nativeProtocol.imageCompareAndWrite,
        offset,
        compare.length,
        [compare, write],
        0,
        { complete },
      );
    });
  }

  /** Repeats `pattern`; `length` is a multiple of its length. */
  writeSame(offset: number, length: number, pattern: Uint8Array): Promise<number> {
    return this.#submit(nativeProtocol.imageWriteSame, offset, length, [pattern], 0);
  }

  /** Reads as zeros afterwards, to the byte (rbd_skip_partial_discard=false); gives space back. */
  discard(offset: number, length: number): Promise<number> {
    return this.#submit(nativeProtocol.imageDiscard, offset, length, noBuffers, 0);
  }

  /** Reads as zeros afterwards. `thick`: the space stays allocated, real zeros are written. */
  writeZeroes(offset: number, length: number, options: { thick?: boolean } = {}): Promise<number> {
    return this.#submit(
      nativeProtocol.imageWriteZeroes,
      offset,
      length,
      noBuffers,
      options.thick ? 1 : 0,
    );
  }

  /** Ends after the earlier writes of this handle. */
  flush(): Promise<number> {
    return this.#submit(nativeProtocol.imageFlush, 0, 0, noBuffers, 0);
  }

  /** Reads `info` from librbd again, which waits for the header object after an update. */
  async refresh(): Promise<number> {
    const { errno, value } = await this.#blocking<NativeImageInfo>((slot) =>
      this.#calls.native.imageInfo(slot, this.#handle),
    );
    if (errno >= 0) this.#info = imageInfo(value);
    return errno;
  }

  /** Every client that has the image open is notified. Shrinking is slow for a large image. */
  async resize(sizeBytes: number, options: { allowShrink?: boolean } = {}): Promise<number> {
    const { errno } = await this.#blocking((slot) =>
      this.#calls.native.resizeImage(slot, this.#handle, sizeBytes, options.allowShrink ?? false),
    );
    return errno;
  }

  /**
   * Every client that has the image open is asked to stop its writes meanwhile; -EBUSY when one
   * does not.
   */
  async createSnapshot(name: string): Promise<number> {
    const { errno } = await this.#blocking((slot) =>
      this.#calls.native.createSnapshot(slot, this.#handle, name),
    );
    return errno;
  }

  /** -EBUSY for one that is protected. */
  async removeSnapshot(name: string): Promise<number> {
    const { errno } = await this.#blocking((slot) =>
      this.#calls.native.removeSnapshot(slot, this.#handle, name),
    );
    return errno;
  }

  /** Bits of `RBD_FEATURE_*`, below 2 ** 32. Waits for the writes of this client. */
  async setFeatures(features: bigint, enabled: boolean): Promise<number> {
    const { errno } = await this.#blocking((slot) =>
      this.#calls.native.setImageFeatures(slot, this.#handle, Number(features), enabled),
    );
    return errno;
  }

  /**
   * What was written since the image was made (rbd_diff_iterate2, parents included), in a thread:
   * one call of each OSD object, so 256 GiB take seconds. `wholeObject`: cheaper, and rounded out.
   */
  async diffIterate(
    offset: number,
    length: number,
    options: { extentsMax?: number; wholeObject?: boolean } = {},
  ): Promise<DiffResult> {
    const extentsMax = Math.min(options.extentsMax ?? EXTENTS_MAX, EXTENTS_MAX);
    const { errno, value } = await this.#blocking<{ extents: Float64Array; more: boolean }>(
      (slot) =>
        this.#calls.native.diffImage(
          slot,
          this.#handle,
          offset,
          length,
          extentsMax,
          options.wholeObject ?? false,
        ),
      (call) => this.#searches.run(() => this.pool.searchGate.run(call)),
    );
    const extents: RbdExtent[] = [];
    for (let i = 0; errno >= 0 && i < value.extents.length; i += 3) {
      const [at = 0, bytes = 0, exists] = value.extents.subarray(i, i + 3);
      extents.push({ offset: at, length: bytes, exists: exists === 1 });
    }
    return { errno, extents, more: errno >= 0 && value.more };
  }

  /** Undefined when the image has no such key, or with any errno. */
  async metadata(key: string): Promise<{ errno: number; value: string | undefined }> {
    return await this.#blocking<string | undefined>((slot) =>
      this.#calls.native.imageMetadata(slot, this.#handle, key),
    );
  }

  /** `undefined` removes the key. Every client that has the image open is notified. */
  async setMetadata(key: string, value: string | undefined): Promise<number> {
    const { errno } = await this.#blocking((slot) =>
      this.#calls.native.setImageMetadata(slot, this.#handle, key, value),
    );
    return errno;
  }

  /**
   * Calls `listener` after any client changed size, snapshots or metadata: `refresh` reads the new
   * values. Several changes may come as one call. Returns a function that undoes it.
   */
  onUpdate(listener: () => void): () => void {
    const own = () => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  /**
   * Later operations end -ESHUTDOWN at once. Resolves when those in flight are done and librbd has
   * released the image: not while an OSD is silent. A process that does not want to wait may exit.
   */
  close(): Promise<number> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<number> {
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    const { errno } = await this.pool.gate.run(() =>
      this.#calls.call((native, slot) => native.closeImage(slot, this.#handle)),
    );
    this.#listeners.clear();
    this.#calls.free(this.#updateSlot);
    return errno;
  }

  #onUpdate(): void {
    if (this.#closed !== undefined) return;
    for (const listener of this.#listeners) listener();
  }

  #submit(
    code: number,
    offset: number,
    length: number,
    buffers: readonly Uint8Array[],
    detail: number,
  ): Promise<number> {
    return new Promise((resolve) => {
      this.#start(code, offset, length, buffers, detail, { complete: resolve });
    });
  }

  #start(
    code: number,
    offset: number,
    length: number,
    buffers: readonly Uint8Array[],
    detail: number,
    completion: Completion,
  ): void {
    assert(
      buffers.length <= IMAGE_BUFFERS_MAX,
      'an operation has at most IMAGE_BUFFERS_MAX buffers',
    );
    const isOver = this.#inFlight >= IMAGE_OPERATIONS_MAX;
    const isOpen = this.#closed === undefined;
    const slot = isOpen && !isOver ? this.#calls.takeCounted(this, completion, buffers) : undefined;
    if (slot === undefined) {
      queueMicrotask(() => completion.complete(isOpen ? EAGAIN : ESHUTDOWN, 0));
      return;
    }
    this.#inFlight++;
    this.#submission.add(code, this.#handle, slot, offset, length, buffers, detail);
  }

  #blocking<T>(
    start: (slot: number) => void,
    admit: (call: () => Promise<Answer<T>>) => Promise<Answer<T>> = (call) =>
      this.pool.gate.run(call),
  ): Promise<Answer<T>> {
    if (this.#closed !== undefined) {
      return Promise.resolve({ errno: ESHUTDOWN, value: undefined as T });
    }
    this.#inFlight++;
    return admit(() => this.#calls.call<T>((_, slot) => start(slot))).finally(() =>
      this.operationEnded(),
    );
  }

  /** Called for each operation before its completion. */
  operationEnded(): void {
    if (--this.#inFlight === 0) this.#idle?.();
  }
}

interface Opened {
  readonly handle: number;
  readonly info: NativeImageInfo;
}

const noBuffers: readonly Uint8Array[] = Object.freeze([]);
