import type { Clock } from '../../base/clock.ts';
import { INTENTIONS_AT, type LockFile } from './lock-file.ts';
import type { Range } from './range-table.ts';

/**
 * The kernel's locks behind the ranges that the range table granted, which are disjoint.
 *
 * A stream of writes holds one shared lock over the whole volume, the volume lock, as long as no
 * other process intends to hold a range exclusively: a write then costs no system call. The lock is
 * released when no write has needed it for a moment, or once an intention is seen. Ranges in use
 * then keep locks of their own, so that a slow write blocks only its own range, and for a while
 * each range takes its own lock.
 *
 * All locks of one descriptor merge, and the last call for a byte decides. So releasing the volume
 * lock must spare the ranges that have locks of their own, and an exclusive range that is released
 * while the volume lock is held becomes shared instead.
 */
export class KernelRanges {
  readonly #file: LockFile;
  readonly #clock: Clock;
  /** Ranges with a lock of their own. */
  readonly #own = new Set<Range>();
  #exclusives = 0;
  /** Ranges that only the volume lock covers, while it is held. */
  readonly #covered: Range[] = [];
  #isVolumeLocked = false;
  /** Whether a write has used the volume lock since the last check. */
  #isUsed = false;
  #polledAtMs = Number.NEGATIVE_INFINITY;
  #intendedUntilMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(file: LockFile, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /** Takes a shared lock; false when another process is in the way or waits to be. */
  tryShared(range: Range): boolean {
    const isIntended = this.#isAnyIntended();
    if (!isIntended && this.#lockVolume()) {
      range.place = this.#covered.push(range) - 1;
      return true;
    }
    if (isIntended && this.#isVolumeLocked) this.#unlockVolume();
    if (isIntended && this.#file.isIntended(range.offset, range.length)) return false;
    if (!this.#file.tryShared(range.offset, range.length)) return false;
    this.#own.add(range);
    return true;
  }

  /** Takes an exclusive lock; `intends`: this process has said before that it wants to. */
  tryExclusive(range: Range, intends: boolean): boolean {
    const { offset, length } = range;
    if (!intends && this.#isAnyIntended() && this.#file.isIntended(offset, length)) return false;
    if (!this.#file.tryExclusive(offset, length)) return false;
    this.#own.add(range);
    this.#exclusives++;
    return true;
  }

  release(range: Range, isExclusive: boolean): void {
    if (range.place >= 0) {
      this.#releaseCovered(range);
      return;
    }
    this.#own.delete(range);
    if (isExclusive) this.#exclusives--;
    if (!this.#isVolumeLocked) this.#file.unlock(range.offset, range.length);
    else if (isExclusive) this.#file.tryShared(range.offset, range.length);
  }

  /** Releases the volume lock for good: the file is about to be closed. */
  close(): void {
    this.#isClosed = true;
    if (this.#isVolumeLocked) this.#unlockVolume();
  }

  /** Whether the volume lock is held, or could be taken now. */
  #lockVolume(): boolean {
    if (this.#isVolumeLocked) return true;
    if (this.#clock.now() < this.#intendedUntilMs) return false;
    // A shared lock over everything would turn this process's exclusive ranges into shared ones.
    if (this.#exclusives > 0) return false;
    this.#isVolumeLocked = this.#file.tryShared(0, INTENTIONS_AT);
    if (this.#isVolumeLocked) this.#watch();
    return this.#isVolumeLocked;
  }

  #isAnyIntended(): boolean {
    const now = this.#clock.now();
    if (now - this.#polledAtMs >= INTENTION_POLL_MS) {
      this.#polledAtMs = now;
      if (this.#file.isAnyIntended()) this.#intendedUntilMs = now + INTENTION_VALID_MS;
    }
    return now < this.#intendedUntilMs;
  }

  /** While the volume lock is held, checks whether it is used and whether another process waits. */
  #watch(): void {
    this.#clock.after(LINGER_MS, () => {
      if (!this.#isVolumeLocked || this.#isClosed) return;
      const isUnused = this.#covered.length === 0 && !this.#isUsed;
      this.#isUsed = false;
      if (isUnused || this.#isAnyIntended()) this.#unlockVolume();
      else this.#watch();
    });
  }

  #releaseCovered(range: Range): void {
    const last = this.#covered.pop()!;
    if (last !== range) {
      this.#covered[range.place] = last;
      last.place = range.place;
    }
    range.place = -1;
    this.#isUsed = true;
  }

  /** Unlocks everything but the ranges in use, each of which then has a lock of its own. */
  #unlockVolume(): void {
    this.#isVolumeLocked = false;
    for (const range of this.#covered) {
      range.place = -1;
      this.#own.add(range);
    }
    this.#covered.length = 0;
    let at = 0;
    for (const { offset, length } of [...this.#own].sort((a, b) => a.offset - b.offset)) {
      if (offset > at) this.#file.unlock(at, offset - at);
      at = offset + length;
    }
    this.#file.unlock(at, INTENTIONS_AT - at);
  }
}

/** How often a process checks whether any other waits to hold a range exclusively. */
const INTENTION_POLL_MS = 1;
/** For this long after an intention was seen, each range is locked separately. */
const INTENTION_VALID_MS = 500;
/** An unused volume lock is kept for this long. */
const LINGER_MS = 4;
