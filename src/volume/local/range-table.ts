import { assert } from '../../base/assert.ts';

/**
 * The ranges that this process works on or waits for. Ranges that overlap are granted one after the
 * other in the order in which they came; disjoint ones do not see each other.
 *
 * Short ranges are in hash buckets, so that an entry searches only its neighbourhood; a range over
 * more than `BUCKETS_MAX` buckets is in a list that every entry searches.
 *
 * A range waits for the youngest of the others that overlap it, not for all: those wait for the
 * older ones themselves. Otherwise the cost of thousands of writes to one block would be quadratic.
 */
export class RangeTable {
  readonly #buckets = new Map<number, Range[]>();
  readonly #wide: Range[] = [];

  /** Enters a range; it is granted when `range.waitsFor` is 0, else when `granted` is called. */
  enter(offset: number, length: number, granted: (range: Range) => void): Range {
    const range: Range = {
      offset,
      length,
      waitsFor: 0,
      followers: undefined,
      granted,
      place: -1,
    };
    const first = Math.floor(offset / BUCKET_BYTES);
    const last = Math.floor((offset + Math.max(length, 1) - 1) / BUCKET_BYTES);
    if (last - first >= BUCKETS_MAX) {
      for (const bucket of this.#buckets.values()) followAll(range, bucket);
      followAll(range, this.#wide);
      this.#wide.push(range);
    } else {
      if (this.#wide.length > 0) followAll(range, this.#wide);
      for (let key = first; key <= last; key++) this.#enterBucket(key, range);
    }
    return range;
  }

  /** Takes a range out that was granted, and grants what waited for it alone. */
  leave(range: Range): void {
    assert(range.waitsFor === 0, 'others count on what a range that waits waits for');
    if (this.#wide.length === 0 || !takeOut(this.#wide, range)) {
      const first = Math.floor(range.offset / BUCKET_BYTES);
      const last = Math.floor((range.offset + Math.max(range.length, 1) - 1) / BUCKET_BYTES);
      for (let key = first; key <= last; key++) this.#leaveBucket(key, range);
    }
    if (range.followers === undefined) return;
    for (const follower of range.followers) {
      if (--follower.waitsFor === 0) follower.granted(follower);
    }
  }

  #enterBucket(key: number, range: Range): void {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      this.#buckets.set(key, [range]);
      return;
    }
    followAll(range, bucket);
    bucket.push(range);
  }

  #leaveBucket(key: number, range: Range): void {
    const bucket = this.#buckets.get(key)!;
    if (bucket.length === 1) this.#buckets.delete(key);
    else takeOut(bucket, range);
  }
}

export interface Range {
  readonly offset: number;
  readonly length: number;
  /** Earlier overlapping ranges still in the table; 0 when granted. */
  waitsFor: number;
  followers: Range[] | undefined;
  readonly granted: (range: Range) => void;
  /** Index in the list of those that one lock covers (`KernelRanges`); -1: not in it. */
  place: number;
}

const BUCKET_BYTES = 64 * 1024;
const BUCKETS_MAX = 4;

/** Makes `range` wait for those of `others`, from old to young, that overlap it. */
function followAll(range: Range, others: readonly Range[]): void {
  let start = range.offset;
  let end = start + range.length;
  for (let i = others.length - 1; i >= 0 && start < end; i--) {
    const other = others[i]!;
    const otherEnd = other.offset + other.length;
    if (other.offset >= end || start >= otherEnd) continue;
    follow(range, other);
    // This range waits for older ones that overlap only here.
    if (other.offset <= start) start = otherEnd;
    else if (otherEnd >= end) end = other.offset;
  }
}

/** Once, however many buckets they share. */
function follow(range: Range, other: Range): void {
  if (other.followers?.at(-1) === range) return;
  other.followers ??= [];
  other.followers.push(range);
  range.waitsFor++;
}

/** Keeps the order of the others; mostly it is the oldest that leaves. */
function takeOut(ranges: Range[], range: Range): boolean {
  const at = ranges.indexOf(range);
  if (at >= 0) ranges.splice(at, 1);
  return at >= 0;
}
