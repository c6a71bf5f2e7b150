import type { Clock } from '../../base/clock.ts';
import type { Pending } from '../../base/pending.ts';
import { InFlight } from '../in-flight.ts';
import { atomicRefusal, fault, patternRefusal, rangeRefusal } from '../refusal.ts';
import { firstDifference, isZero, lengthOf, repeated } from '../scatter.ts';
import type { Allocation, WriteOptions } from '../volume.ts';
import { DONE, type Volume, type VolumeLimits, type VolumeResult } from '../volume.ts';
import { type FileMedium, PATTERN_STEP_BYTES } from './file-medium.ts';
import type { HeldRange, RangeLock } from './range-lock.ts';
import type { SyncQueue } from './sync-queue.ts';

/** What one opening of a local volume is made of. */
export interface LocalVolumeParts {
  readonly sizeBytes: number;
  readonly medium: FileMedium;
  readonly locks: RangeLock;
  readonly sync: SyncQueue;
  readonly clock: Clock;
  /** Every write is durable before its result: no volatile cache. */
  readonly writethrough: boolean;
  /** Lets go of descriptors and of the store. */
  readonly onClose: () => void;
}

/** One opening of a volume that processes of this host share. */
export class LocalVolume implements Volume {
  readonly limits: VolumeLimits;
  readonly #parts: LocalVolumeParts;
  readonly #listeners = new Set<(sizeBytes: number) => void>();
  readonly #inFlight = new InFlight();
  #sizeBytes: number;
  #ended: VolumeResult | undefined;
  /** What was in flight when it was fenced has landed. */
  #isFenceDone = false;

  constructor(parts: LocalVolumeParts) {
    this.#parts = parts;
    this.#sizeBytes = parts.sizeBytes;
    this.limits = parts.writethrough ? WRITETHROUGH_LIMITS : LIMITS;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  read(offset: number, into: readonly Uint8Array[]): Pending<VolumeResult> {
    const refusal = this.#refusal(offset, lengthOf(into));
    if (refusal !== undefined) return refusal;
    const result = this.#parts.medium.read(offset, into);
    if (!(result instanceof Promise)) return result;
    const epoch = this.#inFlight.begin();
    return result.finally(() => this.#inFlight.end(epoch));
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
    return new Promise((resolve) => {
      this.#parts.medium.submit(offset, from, (result) => {
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
    const step = async (): Promise<VolumeResult> => {
      const present = new Uint8Array(length);
      const result = await this.#parts.medium.read(offset, [present]);
      if (result.status !== 'done') return result;
      const difference = firstDifference(present, compare);
      if (difference >= 0) return { status: 'miscompare', offset: difference };
      return this.#parts.medium.write(offset, write);
    };
    return this.#change(offset, length, this.#isDurable(options), step, true);
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
   * What was handed to the kernel lands, so it is waited for. What still waits for its range is
   * given up: another process may hold that for longer than a fence may take.
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
    const { locks, sync } = this.#parts;
    const epoch = this.#inFlight.begin();
    try {
      const held = acquired instanceof Promise ? await acquired : acquired;
      if (held === undefined) return this.#ended ?? fault('busy');
      let result: VolumeResult;
      try {
        // The volume may have shrunk, or been fenced, while the range was waited for.
        result = this.#refusal(offset, length) ?? (await change());
      } finally {
        locks.release(held);
      }
      return isDurable && result.status === 'done' ? await sync.sync() : result;
    } finally {
      this.#inFlight.end(epoch);
    }
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

/** Operations in flight in one opening; above stand the queues of the transports, far smaller. */
export const OPERATIONS_MAX = 16_384;

/** How long a fence waits for what is in flight before it gives up (design: the process ends). */
export const FENCE_WAIT_MS = 2000;

/** One page: what the page cache holds together. */
const PAGE_BYTES = 4096;

const LIMITS: VolumeLimits = Object.freeze({
  alignmentBytes: 512,
  compareAndWriteMaxBytes: PAGE_BYTES,
  atomicBoundaryBytes: PAGE_BYTES,
  optimalGranularityBytes: PAGE_BYTES,
  unmapGranularityBytes: PAGE_BYTES,
  volatileCache: true,
});

const WRITETHROUGH_LIMITS: VolumeLimits = Object.freeze({ ...LIMITS, volatileCache: false });
