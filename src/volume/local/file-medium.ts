import { readv, write as writeOne, writev } from 'node:fs';
import type { Pending } from '../../base/pending.ts';
import {
  copyFileRange,
  ECANCELED,
  EDQUOT,
  EINVAL,
  ENOSPC,
  ENOSYS,
  ENXIO,
  EOPNOTSUPP,
  EXDEV,
  fallocate,
  IO_VECTOR_MAX,
  lseek,
  PUNCH_HOLE,
  readIfCached,
  SEEK_DATA,
  SEEK_HOLE,
  ZERO_RANGE,
} from '../../host/kernel.ts';
import { fault } from '../refusal.ts';
import { after, lengthOf } from '../scatter.ts';
import { type Allocation, DONE, type Extent, type VolumeResult } from '../volume.ts';
import { BATCH_VECTORS_MAX, NOT_SUBMITTED } from './write-batch.ts';
import type { WriteLease } from './write-lease.ts';
import type { WriteQueue } from './write-queue.ts';
import type { WriteThread } from './write-thread.ts';

/**
 * The bytes of a sparse file or a block device through one descriptor. Knows no size, no locks and
 * no other process. Nothing waits for the disk on the event loop: reads try the page cache and go
 * to the thread pool when it has not everything; all else goes there at once.
 */
export class FileMedium {
  readonly #descriptor: number;
  readonly #writes: WriteQueue;
  readonly #lease: WriteLease;
  readonly #thread: WriteThread | undefined;
  /** Calls wait for their turn in the thread pool, and the lease may be over when it comes. */
  readonly #mayStart = (): boolean => !this.#lease.isOver;

  constructor(descriptor: number, writes: WriteQueue, lease: WriteLease, thread?: WriteThread) {
    this.#descriptor = descriptor;
    this.#writes = writes;
    this.#lease = lease;
    this.#thread = thread;
  }

  /** Fills `into`; what lies behind the file's end reads as zeros. */
  read(offset: number, into: readonly Uint8Array[]): Pending<VolumeResult> {
    const length = lengthOf(into);
    const count = readIfCached(this.#descriptor, into, offset);
    if (count === length) return DONE;
    return this.#readRest(offset, into, Math.max(count, 0));
  }

  async #readRest(
    offset: number,
    into: readonly Uint8Array[],
    alreadyRead: number,
  ): Promise<VolumeResult> {
    let at = offset + alreadyRead;
    let rest = after(into, alreadyRead);
    while (rest.length > 0) {
      const count = await this.#readSome(at, rest.slice(0, IO_VECTOR_MAX));
      if (count < 0) return fault('readError', -count);
      if (count === 0) {
        for (const part of rest) part.fill(0);
        return DONE;
      }
      at += count;
      rest = after(rest, count);
    }
    return DONE;
  }

  #readSome(at: number, into: readonly Uint8Array[]): Promise<number> {
    return new Promise((resolve) => {
      readv(this.#descriptor, into, at, (error, count) => {
        resolve(error === null ? count : -errnoOf(error));
      });
    });
  }

  /** Writes all of `from`; a short write is continued where it ended. */
  write(offset: number, from: readonly Uint8Array[]): Promise<VolumeResult> {
    return new Promise((resolve) => this.submit(offset, from, resolve));
  }

  /** As `write`, with a call for the result: the way of most writes. */
  submit(offset: number, from: readonly Uint8Array[], done: (result: VolumeResult) => void): void {
    if (from.length > BATCH_VECTORS_MAX) {
      this.#writeSome(offset, from, done);
      return;
    }
    const length = lengthOf(from);
    let isQueued = false;
    const written = (result: number): void => {
      if (result === length) done(DONE);
      else if (result === NOT_SUBMITTED && !isQueued) queue();
      else if (result === NOT_SUBMITTED) this.#writeSome(offset, from, done);
      else if (result < 0) done(writeFault(-result));
      else this.#writeSome(offset + result, after(from, result), done);
    };
    const queue = (): void => {
      isQueued = true;
      this.#writes.write(offset, from, written);
    };
    if (!this.#thread?.write(this.#descriptor, offset, from, length, written)) queue();
  }

  #writeSome(
    at: number,
    from: readonly Uint8Array[],
    resolve: (result: VolumeResult) => void,
  ): void {
    if (this.#lease.isOver) {
      resolve(FENCED);
      return;
    }
    const length = lengthOf(from);
    const next = (error: NodeJS.ErrnoException | null, count: number) => {
      if (error !== null) resolve(writeFault(errnoOf(error)));
      else if (count === length) resolve(DONE);
      else if (count === 0) resolve(fault('writeError'));
      else this.#writeSome(at + count, after(from, count), resolve);
    };
    if (from.length === 1) writeOne(this.#descriptor, from[0]!, 0, length, at, next);
    else if (from.length <= IO_VECTOR_MAX) writev(this.#descriptor, from, at, next);
    else writev(this.#descriptor, from.slice(0, IO_VECTOR_MAX), at, next);
  }

  /** The range reads as zeros; `isKept`: its space stays allocated where the medium can. */
  async zero(offset: number, length: number, isKept: boolean): Promise<VolumeResult> {
    const end = offset + length;
    for (let at = offset; at < end; at += ZERO_STEP_BYTES) {
      const step = Math.min(ZERO_STEP_BYTES, end - at);
      const mode = isKept ? ZERO_RANGE : PUNCH_HOLE;
      const status = -(await fallocate(this.#descriptor, mode, at, step, this.#mayStart));
      const isUnknown = status === EOPNOTSUPP || status === EINVAL;
      const result = isUnknown ? await this.#writeZeros(at, step) : writeFault(status);
      if (result.status !== 'done') return result;
    }
    return DONE;
  }

  /**
   * Copies within the kernel. `unsupported`: these two cannot, and the range may be changed in
   * part.
   */
  async copyFrom(
    source: FileMedium,
    sourceOffset: number,
    offset: number,
    length: number,
  ): Promise<VolumeResult> {
    for (let done = 0; done < length; ) {
      const step = Math.min(COPY_STEP_BYTES, length - done);
      const from = source.#descriptor;
      const to = this.#descriptor;
      const [at, into] = [sourceOffset + done, offset + done];
      const copied = await copyFileRange(from, at, to, into, step, this.#mayStart);
      // 0: the source ends here, because it was cut meanwhile or is a device.
      if (copied === 0 || CANNOT_COPY.has(-copied)) return UNSUPPORTED;
      if (copied < 0) return writeFault(-copied);
      done += copied;
    }
    return DONE;
  }

  /** For what cannot punch: devices whose blocks are larger than ours, some file systems. */
  async #writeZeros(offset: number, length: number): Promise<VolumeResult> {
    const zeros = new Uint8Array(Math.min(length, PATTERN_STEP_BYTES));
    const end = offset + length;
    for (let at = offset; at < end; at += zeros.length) {
      const result = await this.write(at, [zeros.subarray(0, Math.min(zeros.length, end - at))]);
      if (result.status !== 'done') return result;
    }
    return DONE;
  }

  /** The allocated ranges; the whole range if the medium does not tell. */
  async allocation(offset: number, length: number, extentsMax: number): Promise<Allocation> {
    const extents: Extent[] = [];
    const end = offset + length;
    let at = offset;
    while (at < end && extents.length < extentsMax) {
      const data = await lseek(this.#descriptor, at, SEEK_DATA);
      if (data === -EINVAL) {
        extents.push({ offset: at, length: end - at, allocated: true });
        break;
      }
      if (data < 0 && data !== -ENXIO) return { result: fault('readError', -data), extents };
      const isData = data === at;
      const stop = isData ? await lseek(this.#descriptor, at, SEEK_HOLE) : data;
      // No data behind `at`, or a file that was cut meanwhile: a hole up to the end.
      const next = stop > at ? Math.min(stop, end) : end;
      extents.push({ offset: at, length: next - at, allocated: isData });
      at = next;
    }
    return { result: DONE, extents };
  }
}

/** Writes of a repeated pattern or of zeros go in pieces of at most this. */
export const PATTERN_STEP_BYTES = 256 * 1024;

/** Punching drops cached pages: a step of this length takes a few milliseconds. */
const ZERO_STEP_BYTES = 64 * 1024 * 1024;

/** Without sharing blocks, copying a step of this length takes a few milliseconds. */
const COPY_STEP_BYTES = 4 * 1024 * 1024;

/** Two file systems, devices, a file system or a kernel without it. */
const CANNOT_COPY: ReadonlySet<number> = new Set([EXDEV, EINVAL, EOPNOTSUPP, ENOSYS]);

const FENCED = fault('fenced');
const UNSUPPORTED = fault('unsupported');

function writeFault(errno: number): VolumeResult {
  if (errno === 0) return DONE;
  if (errno === ECANCELED) return FENCED;
  return fault(errno === ENOSPC || errno === EDQUOT ? 'noSpace' : 'writeError', errno);
}

function errnoOf(error: NodeJS.ErrnoException): number {
  return Math.abs(error.errno ?? 0);
}
