/**
 * The ranges that this process works on or waits for. Ranges that overlap are granted one after
 * the other in the order in which they came; disjoint ones do not see each other.
 *
 * Short ranges stand in hash buckets, so that entering looks at its neighbourhood alone; a range
 * over more than `BUCKETS_MAX` buckets stands in a list that every entry looks through.
 */
export class RangeTable {
  readonly #buckets = new Map<number, Range[]>();
  readonly #wide = new Set<Range>();

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
      for (const bucket of this.#buckets.values()) {
        for (const other of bucket) follow(range, other);
      }
      for (const other of this.#wide) follow(range, other);
      this.#wide.add(range);
    } else {
      if (this.#wide.size > 0) for (const other of this.#wide) follow(range, other);
      for (let key = first; key <= last; key++) this.#enterBucket(key, range);
    }
    return range;
  }

  /** Takes a range out, granted or not, and grants what waited for it alone. */
  leave(range: Range): void {
    if (this.#wide.size === 0 || !this.#wide.delete(range)) {
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
    for (const other of bucket) follow(range, other);
    bucket.push(range);
  }

  #leaveBucket(key: number, range: Range): void {
    const bucket = this.#buckets.get(key)!;
    if (bucket.length === 1) this.#buckets.delete(key);
    else {
      bucket[bucket.indexOf(range)] = bucket.at(-1)!;
      bucket.pop();
    }
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

/** Makes `range` wait for `other` if they overlap; once, however many buckets they share. */
function follow(range: Range, other: Range): void {
  if (other.offset >= range.offset + range.length) return;
  if (range.offset >= other.offset + other.length) return;
  if (other.followers?.at(-1) === range) return;
  other.followers ??= [];
  other.followers.push(range);
  range.waitsFor++;
}
