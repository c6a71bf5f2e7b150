/**
 * The memory that the write thread and its owner share: a ring of positioned writes. The owner
 * fills entries and counts `submitted` up; the thread works them off in order and counts
 * `completed` up. Addresses are numbers: they stay below 2^53.
 *
 * The counts are of 32 bits and wrap around; what lies between two is their difference `| 0`.
 */

/** Entries: the bound on the writes on their way through the thread. A power of two. */
export const RING_ENTRIES = 256;
/** Buffers of one write at most; one with more goes another way. */
export const RING_VECTORS = 4;

/** Words of 32 bits at the ring's head. */
export const Word = {
  submitted: 0,
  completed: 1,
  /** The thread sleeps: it must be notified. */
  asleep: 2,
  /** The owner wants a signal of completions: through the pipe, or where it waits. */
  armed: 3,
  /** The owner waits on `completed`. */
  waiting: 4,
  stop: 5,
  /** A `ThreadState`. */
  state: 6,
  /** The processor that the thread is to run on, plus one; 0: any. */
  processor: 7,
} as const;

export const ThreadState = { starting: 0, running: 1, ended: 2 } as const;

/**
 * The state of an entry. The thread takes one before it writes; the owner withdraws those behind a
 * write that does not end, and the thread skips them. Memory starts as 0: an entry that was never
 * filled, or was written already, is not written, whatever the counts say.
 */
export const Claim = { taken: 0, open: 1, withdrawn: 2 } as const;

/** The arguments of the thread. */
export interface WriteThreadData {
  /** Of the ring. */
  readonly memory: SharedArrayBuffer;
  readonly leaseMemory: SharedArrayBuffer;
  /** The pipe through which it signals. */
  readonly pipe: number;
}

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
  /** Per entry: a `Claim`. */
  readonly claims: Int32Array;

  constructor(memory?: SharedArrayBuffer) {
    const resultsAt = HEAD_BYTES + RING_ENTRIES * ENTRY_DOUBLES * 8;
    const claimsAt = resultsAt + RING_ENTRIES * 4;
    this.memory = memory ?? new SharedArrayBuffer(claimsAt + RING_ENTRIES * 4);
    this.words = new Int32Array(this.memory, 0, HEAD_BYTES / 4);
    this.entries = new Float64Array(this.memory, HEAD_BYTES, RING_ENTRIES * ENTRY_DOUBLES);
    this.results = new Int32Array(this.memory, resultsAt, RING_ENTRIES);
    this.claims = new Int32Array(this.memory, claimsAt, RING_ENTRIES);
  }

  /** Where an entry's numbers begin in `entries`. */
  static at(sequence: number): number {
    return WriteRing.index(sequence) * ENTRY_DOUBLES;
  }

  static index(sequence: number): number {
    return sequence & (RING_ENTRIES - 1);
  }
}
