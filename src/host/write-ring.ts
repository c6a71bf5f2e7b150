/**
 * The memory that the write thread and its owner share: a ring of positioned writes. The owner
 * fills entries and counts `submitted` up; the thread works them off in order and counts
 * `completed` up. Addresses are numbers: they stay below 2^53.
 */

/** Entries: the bound on the writes on their way through the thread. */
export const RING_ENTRIES = 256;
/** Buffers of one write at most; one with more goes another way. */
export const RING_VECTORS = 4;

/** Words of 32 bits at the ring's head. */
export const Word = {
  submitted: 0,
  completed: 1,
  /** The thread sleeps: it must be notified. */
  asleep: 2,
  /** The owner wants to be told of completions: through the pipe, or where it waits. */
  armed: 3,
  /** The owner waits on `completed`. */
  waiting: 4,
  stop: 5,
  /** The processor that the owner submitted from, plus one: the thread goes there. */
  processor: 6,
} as const;

const HEAD_BYTES = 64;
/** Per entry: descriptor, vector count; offset; then address and length of each vector. */
const ENTRY_DOUBLES = 2 + 2 * RING_VECTORS;

export class WriteRing {
  readonly memory: SharedArrayBuffer;
  readonly words: Int32Array;
  /** ENTRY_DOUBLES numbers an entry. */
  readonly entries: Float64Array;
  /** Per entry: bytes written, or a negated errno. */
  readonly results: Int32Array;

  constructor(memory?: SharedArrayBuffer) {
    const entryBytes = RING_ENTRIES * ENTRY_DOUBLES * 8;
    this.memory = memory ?? new SharedArrayBuffer(HEAD_BYTES + entryBytes + RING_ENTRIES * 4);
    this.words = new Int32Array(this.memory, 0, HEAD_BYTES / 4);
    this.entries = new Float64Array(this.memory, HEAD_BYTES, RING_ENTRIES * ENTRY_DOUBLES);
    this.results = new Int32Array(this.memory, HEAD_BYTES + entryBytes, RING_ENTRIES);
  }

  /** Where an entry's numbers begin in `entries`. */
  static at(sequence: number): number {
    return (sequence & (RING_ENTRIES - 1)) * ENTRY_DOUBLES;
  }
}
