import type { Clock } from '../../base/clock.ts';
import { INTENTIONS_AT, type LockFile } from './lock-file.ts';
import type { Range } from './range-table.ts';

/**
 * The kernel's locks behind the ranges that the range table granted, which are disjoint.
 *
 * A stream of writes holds one shared lock over everything, the umbrella, as long as no other
 * process intends to hold a range exclusively: a write then costs no system call. It is released
 * when no write has needed it for a moment, or once an intention is seen: ranges in use then keep
 * locks of their own, so that a slow write blocks only its own range, and for a while each range
 * takes its own lock.
 *
 * All locks of one descriptor merge, and the last call for a byte decides: releasing the umbrella
 * must spare the ranges that are held by themselves, and an exclusive range that is released under
 * it becomes shared instead.
 */
export class KernelRanges {
  readonly #file: LockFile;
  readonly #clock: Clock;
  /** Ranges with a lock of their own. */
  readonly #own = new Set<Range>();
  #exclusives = 0;
  /** Ranges that the umbrella covers, while it stands. */
  readonly #under: Range[] = [];
  #isOpen = false;
  /** Used since the last look at it. */
  #isUsed = false;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #intendedUntilMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(file: LockFile, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /** Takes a shared lock; false when another process is in the way or waits to be. */
  tryShared(range: Range): boolean {
    const isIntended = this.#isAnyIntended();
    if (!isIntended && this.#hasUmbrella()) {
      range.place = this.#under.push(range) - 1;
      return true;
    }
    if (isIntended && this.#isOpen) this.#fold();
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
      this.#leaveUmbrella(range);
      return;
    }
    this.#own.delete(range);
    if (isExclusive) this.#exclusives--;
    if (!this.#isOpen) this.#file.unlock(range.offset, range.length);
    else if (isExclusive) this.#file.tryShared(range.offset, range.length);
  }

  /** Releases the umbrella for good: the file is about to be closed. */
  close(): void {
    this.#isClosed = true;
    if (this.#isOpen) this.#fold();
  }

  /** Whether the umbrella stands, or could be put up now. */
  #hasUmbrella(): boolean {
    if (this.#isOpen) return true;
    if (this.#clock.now() < this.#intendedUntilMs) return false;
    // A shared lock over everything would turn this process's exclusive ranges into shared ones.
    if (this.#exclusives > 0) return false;
    this.#isOpen = this.#file.tryShared(0, INTENTIONS_AT);
    if (this.#isOpen) this.#watch();
    return this.#isOpen;
  }

  #isAnyIntended(): boolean {
    const now = this.#clock.now();
    if (now - this.#lookedAtMs >= INTENTION_LOOK_MS) {
      this.#lookedAtMs = now;
      if (this.#file.isAnyIntended()) this.#intendedUntilMs = now + INTENTION_HEEDED_MS;
    }
    return now < this.#intendedUntilMs;
  }

  /** Looks after the umbrella while it stands: whether anyone waits for it, and whether it is used. */
  #watch(): void {
    this.#clock.after(LINGER_MS, () => {
      if (!this.#isOpen || this.#isClosed) return;
      const isUnused = this.#under.length === 0 && !this.#isUsed;
      this.#isUsed = false;
      if (isUnused || this.#isAnyIntended()) this.#fold();
      else this.#watch();
    });
  }

  #leaveUmbrella(range: Range): void {
    const last = this.#under.pop()!;
    if (last !== range) {
      this.#under[range.place] = last;
      last.place = range.place;
    }
    range.place = -1;
    this.#isUsed = true;
  }

  /** Unlocks everything but the ranges in use, each of which then has a lock of its own. */
  #fold(): void {
    this.#isOpen = false;
    for (const range of this.#under) {
      range.place = -1;
      this.#own.add(range);
    }
    this.#under.length = 0;
    let at = 0;
    for (const { offset, length } of [...this.#own].sort((a, b) => a.offset - b.offset)) {
      if (offset > at) this.#file.unlock(at, offset - at);
      at = offset + length;
    }
    this.#file.unlock(at, INTENTIONS_AT - at);
  }
}

/** How often a process looks whether any other waits to hold a range exclusively. */
const INTENTION_LOOK_MS = 1;
/** For this long after an intention was seen, each range is locked by itself. */
const INTENTION_HEEDED_MS = 500;
/** An unused umbrella is kept for this long. */
const LINGER_MS = 4;
