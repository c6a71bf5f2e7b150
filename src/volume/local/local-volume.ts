import { firstDifference } from '../../base/bytes/first-difference.ts';
import type { Clock } from '../../base/clock.ts';
import type { Pending } from '../../base/pending.ts';
import { SlabPool } from '../../base/slab-pool.ts';
import { InFlight } from '../in-flight.ts';
import { atomicRefusal, fault, patternRefusal, rangeRefusal } from '../refusal.ts';
import { isZero, lengthOf, repeated } from '../scatter.ts';
import type { Allocation, WriteOptions } from '../volume.ts';
import { DONE, type Volume, type VolumeLimits, type VolumeResult } from '../volume.ts';
import { volumeLimits } from '../volume-limits.ts';
import { type FileMedium, PATTERN_STEP_BYTES } from './file-medium.ts';
import type { HeldRange, RangeLock } from './range-lock.ts';
import type { SyncQueue } from './sync-queue.ts';
import type { Mark, WriteAnnouncements } from './write-announcements.ts';

/** The parts of an open local volume. */
interface LocalVolumeParts {
  readonly sizeBytes: number;
  readonly medium: FileMedium;
  readonly locks: RangeLock;
  readonly sync: SyncQueue;
  /** The announced changes of all processes; without them, half-written blocks may be read. */
  readonly announcements: WriteAnnouncements | undefined;
  /** The number of this volume in them, the same in every process. */
  readonly id: number;
  readonly clock: Clock;
  /** Every write is durable before its result: no volatile cache. */
  readonly writethrough: boolean;
  /** Releases the descriptors and the store. */
  readonly onClose: () => void;
}

/** An open volume, which several processes of this host may share. */
export class LocalVolume implements Volume {
  readonly limits: VolumeLimits;
  readonly #parts: LocalVolumeParts;
  readonly #listeners = new Set<(sizeBytes: number) => void>();
  readonly #inFlight = new InFlight();
  /** The bytes that COMPARE AND WRITE reads from the medium. */
  readonly #present = new SlabPool(PAGE_BYTES, PRESENT_FREE_MAX);
  #sizeBytes: number;
  #ended: VolumeResult | undefined;
  /** Used by reads that complete at once; each other read has one of its own. */
  readonly #mark: Mark | undefined;
  /** The operations that were in flight at the fence have landed. */
  #isFenceDone = false;

  constructor(parts: LocalVolumeParts) {
    this.#parts = parts;
    this.#sizeBytes = parts.sizeBytes;
    this.#mark = parts.announcements?.newMark();
    this.limits = parts.writethrough ? WRITETHROUGH_LIMITS : LIMITS;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  read(offset: number, into: readonly Uint8Array[]): Pending<VolumeResult> {
    const length = lengthOf(into);
    const refusal = this.#refusal(offset, length);
    if (refusal !== undefined) return refusal;
    const { medium, announcements, id } = this.#parts;
    if (announcements === undefined) return this.#pending(medium.read(offset, into));
    const mark = this.#mark!;
    if (!announcements.mark(mark, id, offset, length)) return this.#readAgain(offset, into, length);
    const result = medium.read(offset, into);
    if (result instanceof Promise)
      return this.#readLate(result, mark.slice(), offset, into, length);
    if (announcements.isUnchanged(mark, id, offset, length)) return result;
    return this.#readAgain(offset, into, length);
  }

  #readAgain(offset: number, into: readonly Uint8Array[], length: number): Promise<VolumeResult> {
    return this.#counted(() => this.#readWhole(offset, into, length));
  }

  /** The page cache did not have it all. */
  #readLate(
    reading: Promise<VolumeResult>,
    mark: Mark,
    offset: number,
    into: readonly Uint8Array[],
    length: number,
  ): Promise<VolumeResult> {
    const { announcements, id } = this.#parts;
    return this.#counted(async () => {
      const result = await reading;
      if (announcements!.isUnchanged(mark, id, offset, length)) return result;
      return await this.#readWhole(offset, into, length);
    });
  }

  /**
   * A change of the range came in between, so a block may have been read half written. It is read
   * again, and after a few times all changes are excluded: a stream of them need not end.
   */
  async #readWhole(
    offset: number,
    into: readonly Uint8Array[],
    length: number,
  ): Promise<VolumeResult> {
    const { medium, announcements, clock, id } = this.#parts;
    const mark = announcements!.newMark();
    for (let i = 0; i < READS_AGAIN; i++) {
      await new Promise<void>((resolve) => clock.endOfTurn(resolve));
      if (!announcements!.mark(mark, id, offset, length)) continue;
      const result = this.#refusal(offset, length) ?? (await medium.read(offset, into));
      if (announcements!.isUnchanged(mark, id, offset, length)) return result;
    }
    return await this.#exclusively(offset, length, () => medium.read(offset, into));
  }

  #pending(result: Pending<VolumeResult>): Pending<VolumeResult> {
    return result instanceof Promise ? this.#counted(() => result) : result;
  }

  write(
    offset: number,
    from: readonly Uint8Array[],
    options?: WriteOptions,
  ): Pending<VolumeResult> {
    const length = lengthOf(from);
    const refusal = this.#refusal(offset, length);
    if (refusal !== undefined) return refusal;
    if (length === 0) return DONE;
    const { locks, medium } = this.#parts;
    const isDurable = this.#isDurable(options);
    if (!isDurable && this.#inFlight.count < OPERATIONS_MAX) {
      const held = locks.acquire(offset, length, false);
      if (!(held instanceof Promise)) return this.#writeHeld(offset, from, held);
      return this.#changeHeld(held, () => medium.write(offset, from), offset, length, false);
    }
    return this.#change(offset, length, isDurable, () => medium.write(offset, from));
  }

  /** The common case: nothing to wait for but the write. */
  #writeHeld(offset: number, from: readonly Uint8Array[], held: HeldRange): Promise<VolumeResult> {
    const epoch = this.#inFlight.begin();
    const { announcements, id } = this.#parts;
    const { offset: at, length } = held.range;
    const change = announcements === undefined ? 0 : announcements.begin(id, at, length);
    return new Promise((resolve) => {
      this.#parts.medium.submit(offset, from, (result) => {
        announcements?.end(change);
        this.#parts.locks.release(held);
        this.#inFlight.end(epoch);
        resolve(result);
      });
    });
  }

  compareAndWrite(
    offset: number,
    compare: readonly Uint8Array[],
    write: readonly Uint8Array[],
    options?: WriteOptions,
  ): Pending<VolumeResult> {
    const length = lengthOf(compare);
    const refusal =
      this.#refusal(offset, length) ?? atomicRefusal(this.limits, offset, length, lengthOf(write));
    if (refusal !== undefined) return refusal;
    if (length === 0) return DONE;
    const step = () => this.#compareThenWrite(offset, length, compare, write);
    return this.#change(offset, length, this.#isDurable(options), step, true);
  }

  /** Inside the exclusive lock of the range. */
  async #compareThenWrite(
    offset: number,
    length: number,
    compare: readonly Uint8Array[],
    write: readonly Uint8Array[],
  ): Promise<VolumeResult> {
    const slab = this.#present.take();
    const present = slab.view(0, length);
    const read = this.#parts.medium.read(offset, [present]);
    const result = read instanceof Promise ? await read : read;
    const difference = result.status === 'done' ? firstDifference(present, compare) : -1;
    slab.release();
    if (result.status !== 'done') return result;
    if (difference >= 0) return { status: 'miscompare', offset: difference };
    return this.#parts.medium.write(offset, write);
  }

  writeSame(
    offset: number,
    length: number,
    pattern: Uint8Array,
    options?: WriteOptions,
  ): Pending<VolumeResult> {
    const refusal = this.#refusal(offset, length) ?? patternRefusal(length, pattern.length);
    if (refusal !== undefined) return refusal;
    if (length === 0) return DONE;
    if (isZero(pattern)) return this.writeZeroes(offset, length, options);
    const pieceBytes =
      Math.max(1, Math.floor(PATTERN_STEP_BYTES / pattern.length)) * pattern.length;
    const piece = repeated(pattern, Math.min(length, pieceBytes));
    const end = offset + length;
    return this.#change(offset, length, this.#isDurable(options), async () => {
      for (let at = offset; at < end; at += piece.length) {
        const part = piece.subarray(0, Math.min(piece.length, end - at));
        const result = await this.#parts.medium.write(at, [part]);
        if (result.status !== 'done') return result;
      }
      return DONE;
    });
  }

  unmap(offset: number, length: number): Pending<VolumeResult> {
    return this.#zero(offset, length, false);
  }

  writeZeroes(offset: number, length: number, options?: WriteOptions): Pending<VolumeResult> {
    return this.#zero(offset, length, true, options);
  }

  copyFrom(
    source: Volume,
    sourceOffset: number,
    offset: number,
    length: number,
    options?: WriteOptions,
  ): Pending<VolumeResult> {
    if (!(source instanceof LocalVolume)) return UNSUPPORTED;
    const refusal = source.#refusal(sourceOffset, length) ?? this.#refusal(offset, length);
    if (refusal !== undefined) return refusal;
    if (length === 0) return DONE;
    return this.#change(offset, length, this.#isDurable(options), () =>
      this.#copyWhole(source, sourceOffset, offset, length),
    );
  }

  /** A block of the source that is being changed may be copied half written: it is read instead. */
  async #copyWhole(
    source: LocalVolume,
    sourceOffset: number,
    offset: number,
    length: number,
  ): Promise<VolumeResult> {
    const { announcements, medium, id } = source.#parts;
    const mark = announcements?.newMark();
    const isStill = mark === undefined || announcements!.mark(mark, id, sourceOffset, length);
    if (!isStill) return UNSUPPORTED;
    const result = await this.#parts.medium.copyFrom(medium, sourceOffset, offset, length);
    const isWhole =
      mark === undefined || announcements!.isUnchanged(mark, id, sourceOffset, length);
    return isWhole || result.status !== 'done' ? result : UNSUPPORTED;
  }

  flush(): Pending<VolumeResult> {
    return this.#ended ?? this.#counted(() => this.#parts.sync.sync());
  }

  async allocation(offset: number, length: number, extentsMax: number): Promise<Allocation> {
    const refusal = this.#refusal(offset, length);
    if (refusal !== undefined) return { result: refusal, extents: [] };
    return this.#counted(() => this.#parts.medium.allocation(offset, length, extentsMax));
  }

  onResize(listener: (sizeBytes: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  drain(): Promise<void> {
    return this.#inFlight.drain();
  }

  /**
   * Operations that the kernel has will land, so they are awaited. Operations that still wait for
   * their range are given up: another process may hold it for longer than a fence may take.
   */
  async fence(): Promise<VolumeResult> {
    this.#ended ??= fault('fenced');
    this.#parts.locks.abandon();
    return new Promise((resolve) => {
      const timer = this.#parts.clock.after(FENCE_WAIT_MS, () => resolve(fault('unsupported')));
      const drained = () => {
        timer.cancel();
        this.#isFenceDone = true;
        resolve(DONE);
      };
      this.drain().then(drained, drained);
    });
  }

  async reopen(): Promise<VolumeResult> {
    if (this.#ended?.status === 'fenced' && this.#isFenceDone) {
      this.#isFenceDone = false;
      this.#ended = undefined;
    }
    return this.#ended ?? DONE;
  }

  async close(): Promise<void> {
    if (this.#ended?.status === 'closed') return this.drain();
    this.#ended = fault('closed');
    this.#listeners.clear();
    await this.drain();
    this.#parts.onClose();
  }

  /** The store found another size, set by this or another process. */
  resized(sizeBytes: number): void {
    if (sizeBytes === this.#sizeBytes) return;
    this.#sizeBytes = sizeBytes;
    for (const listener of this.#listeners) listener(sizeBytes);
  }

  #zero(
    offset: number,
    length: number,
    isKept: boolean,
    options?: WriteOptions,
  ): Pending<VolumeResult> {
    const refusal = this.#refusal(offset, length);
    if (refusal !== undefined) return refusal;
    if (length === 0) return DONE;
    const { medium } = this.#parts;
    return this.#change(offset, length, this.#isDurable(options), () =>
      medium.zero(offset, length, isKept),
    );
  }

  #isDurable(options: WriteOptions | undefined): boolean {
    return this.#parts.writethrough || options?.fua === true;
  }

  #refusal(offset: number, length: number): VolumeResult | undefined {
    return this.#ended ?? rangeRefusal(this, offset, length);
  }

  /** Runs a change of the range inside its lock, and makes it durable if that is asked. */
  #change(
    offset: number,
    length: number,
    isDurable: boolean,
    change: () => Promise<VolumeResult>,
    isExclusive = false,
  ): Pending<VolumeResult> {
    if (this.#inFlight.count >= OPERATIONS_MAX) return fault('busy');
    const acquired = this.#parts.locks.acquire(offset, length, isExclusive);
    return this.#changeHeld(acquired, change, offset, length, isDurable);
  }

  async #changeHeld(
    acquired: HeldRange | Promise<HeldRange | undefined>,
    change: () => Promise<VolumeResult>,
    offset: number,
    length: number,
    isDurable: boolean,
  ): Promise<VolumeResult> {
    const { locks, sync, announcements, id } = this.#parts;
    const epoch = this.#inFlight.begin();
    try {
      const held = acquired instanceof Promise ? await acquired : acquired;
      if (held === undefined) return this.#ended ?? fault('busy');
      const announced = announcements === undefined ? 0 : announcements.begin(id, offset, length);
      let result: VolumeResult;
      try {
        // The volume may have shrunk, or been fenced, while the range was waited for.
        result = this.#refusal(offset, length) ?? (await change());
      } finally {
        announcements?.end(announced);
        locks.release(held);
      }
      return isDurable && result.status === 'done' ? await sync.sync() : result;
    } finally {
      this.#inFlight.end(epoch);
    }
  }

  /** Reads while no process changes the range. */
  async #exclusively(
    offset: number,
    length: number,
    read: () => Pending<VolumeResult>,
  ): Promise<VolumeResult> {
    const { locks } = this.#parts;
    return await this.#counted(async () => {
      const held = await locks.acquire(offset, length, true);
      if (held === undefined) return this.#ended ?? fault('busy');
      try {
        return this.#refusal(offset, length) ?? (await read());
      } finally {
        locks.release(held);
      }
    });
  }

  async #counted<T>(operation: () => Promise<T>): Promise<T> {
    const epoch = this.#inFlight.begin();
    try {
      return await operation();
    } finally {
      this.#inFlight.end(epoch);
    }
  }
}

const UNSUPPORTED = fault('unsupported');

/** Operations in flight on an open volume; the queues of the transports are far smaller. */
const OPERATIONS_MAX = 16_384;

/** Reads of a range that is being changed, before the changes are excluded. */
const READS_AGAIN = 4;

/**
 * How long a fence waits for operations in flight before it gives up; the process must then end.
 */
const FENCE_WAIT_MS = 2000;

/** One page: the unit of the page cache. */
const PAGE_BYTES = 4096;

/** Buffers for a comparison that are kept when no comparison uses them. */
const PRESENT_FREE_MAX = 8;

const LIMITS = volumeLimits({
  alignmentBytes: 512,
  compareAndWriteMaxBytes: PAGE_BYTES,
  atomicBoundaryBytes: PAGE_BYTES,
  optimalGranularityBytes: PAGE_BYTES,
  unmapGranularityBytes: PAGE_BYTES,
  volatileCache: true,
});

const WRITETHROUGH_LIMITS = volumeLimits({ ...LIMITS, volatileCache: false });
