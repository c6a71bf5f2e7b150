import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { KernelRanges } from './kernel-ranges.ts';
import type { LockFile } from './lock-file.ts';
import { type Range, RangeTable } from './range-table.ts';

/**
 * Excludes writes of every process from what one process compares and writes. Inside the process
 * the table orders ranges; towards other processes a range takes a kernel lock, without blocking.
 * The kernel merges the locks of one descriptor, so it only gets disjoint ranges: those that the
 * table has granted.
 *
 * A stream of writes in another process could keep an exclusive range out for ever, so a waiting
 * process locks an intention beside it, which `KernelRanges` of the others checks.
 */
export class RangeLock {
  readonly #file: LockFile;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #endStopped: EndStoppedHolders;
  readonly #kernel: KernelRanges;
  readonly #table = new RangeTable();
  #searchedAtMs = Number.NEGATIVE_INFINITY;
  /** Calls of `abandon` so far: a range that began to wait before the last one is given up. */
  #abandonments = 0;

  constructor(
    file: LockFile,
    clock: Clock,
    random: Random,
    endStopped: EndStoppedHolders = () => Promise.resolve(),
  ) {
    this.#file = file;
    this.#kernel = new KernelRanges(file, clock);
    this.#clock = clock;
    this.#random = random;
    this.#endStopped = endStopped;
  }

  /** Resolves undefined if the range is not free within `LOCK_WAIT_MAX_MS`, or is abandoned. */
  acquire(
    offset: number,
    length: number,
    isExclusive: boolean,
  ): HeldRange | Promise<HeldRange | undefined> {
    let granted: (() => void) | undefined;
    const range = this.#table.enter(offset, length, () => granted?.());
    const held: HeldRange = { range, isExclusive, intends: false, sinceMs: 0, tries: 0 };
    if (range.waitsFor === 0 && this.#try(held)) return held;
    const abandonments = this.#abandonments;
    return new Promise((resolve) => {
      granted = () => {
        held.sinceMs = this.#clock.now();
        this.#persist(held, abandonments, resolve);
      };
      if (range.waitsFor === 0) granted();
    });
  }

  release({ range, isExclusive }: HeldRange): void {
    this.#kernel.release(range, isExclusive);
    this.#table.leave(range);
  }

  /** Gives up every range that waits now. */
  abandon(): void {
    this.#abandonments += 1;
  }

  /** Nothing is held: the file is about to be closed. */
  close(): void {
    this.#kernel.close();
  }

  #try({ range, isExclusive, intends }: HeldRange): boolean {
    return isExclusive ? this.#kernel.tryExclusive(range, intends) : this.#kernel.tryShared(range);
  }

  #persist(
    held: HeldRange,
    abandonments: number,
    resolve: (held: HeldRange | undefined) => void,
  ): void {
    const { offset, length } = held.range;
    const isAbandoned = abandonments !== this.#abandonments;
    const isHeld = !isAbandoned && this.#try(held);
    const waitedMs = this.#clock.now() - held.sinceMs;
    if (isHeld || isAbandoned || waitedMs > LOCK_WAIT_MAX_MS) {
      if (held.intends) this.#file.dropIntention(offset, length);
      if (!isHeld) this.#table.leave(held.range);
      resolve(isHeld ? held : undefined);
      return;
    }
    if (held.isExclusive && !held.intends) held.intends = this.#file.tryIntention(offset, length);
    if (waitedMs > SUSPECT_AFTER_MS) this.#searchHolders(offset, length);
    const again = () => this.#persist(held, abandonments, resolve);
    if (++held.tries <= TRIES_AT_ONCE) this.#clock.endOfTurn(again);
    else this.#clock.after(1 + this.#random.below(BACK_OFF_MS), again);
  }

  #searchHolders(offset: number, length: number): void {
    const now = this.#clock.now();
    if (now - this.#searchedAtMs < SEARCH_EVERY_MS) return;
    this.#searchedAtMs = now;
    // The next try shows its result; a failure is retried.
    this.#endStopped(offset, length).catch(() => {});
  }
}

/** Ends processes that hold or intend a part of the range and are stopped. */
type EndStoppedHolders = (offset: number, length: number) => Promise<void>;

/** A range on its way to be held, or held. */
export interface HeldRange {
  readonly range: Range;
  readonly isExclusive: boolean;
  /** Whether an intention is locked for it. */
  intends: boolean;
  /** When its turn in this process came. */
  sinceMs: number;
  tries: number;
}

/** A conflict that lasts longer makes the holder a suspect of being stopped. */
const SUSPECT_AFTER_MS = 1000;
/** A range that is not to be had for longer is given up. */
export const LOCK_WAIT_MAX_MS = 6000;
/** How often holders are searched while the conflict lasts. */
const SEARCH_EVERY_MS = 200;
/** A holder usually needs less than a millisecond: this many tries are made turn by turn. */
const TRIES_AT_ONCE = 4;
/** Later tries come after 1 to this many milliseconds, at random. */
const BACK_OFF_MS = 4;
