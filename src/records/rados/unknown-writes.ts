import { assert } from '../../base/assert.ts';
import type { ValueEntry } from './value-entry.ts';

/** The most writes of unknown outcome that are remembered; the oldest is forgotten first. */
const UNKNOWN_WRITES_MAX = 256;

interface UnknownWrite {
  readonly key: string;
  readonly expected: number;
  readonly value: Uint8Array;
  readonly stamp: string;
}

/**
 * The writes whose answer did not come in time. One that was done all the same would make the
 * caller's retry a conflict with itself; by its stamp the retry finds that it is done.
 */
export class UnknownWrites {
  readonly #incarnation: string;
  readonly #writes = new Map<string, UnknownWrite>();
  #serial = 0;

  constructor(incarnation: string) {
    this.#incarnation = incarnation;
  }

  /** A stamp for one more write. */
  stamp(): string {
    this.#serial += 1;
    const stamp = `${this.#incarnation}/${this.#serial}`;
    assert(stamp.length <= 0xff, 'the length of a stamp fits into its field');
    return stamp;
  }

  add(write: UnknownWrite): void {
    const [oldest] = this.#writes.keys();
    if (this.#writes.size >= UNKNOWN_WRITES_MAX) this.#writes.delete(oldest!);
    assert(!this.#writes.has(write.stamp), 'a stamp marks one write');
    this.#writes.set(write.stamp, write);
    assert(this.#writes.size <= UNKNOWN_WRITES_MAX, 'writes of unknown outcome are bounded');
  }

  /**
   * Whether `current` is the result of an earlier write of this member with the same content, whose
   * outcome was never reported. It is reported once: only one of two callers has made the change.
   */
  isOwn(
    key: string,
    expected: number,
    value: Uint8Array | undefined,
    current: ValueEntry | undefined,
  ): boolean {
    const write = current && this.#writes.get(current.stamp);
    if (write === undefined || value === undefined) return false;
    if (write.key !== key || write.expected !== expected || !same(write.value, value)) return false;
    return this.#writes.delete(write.stamp);
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
