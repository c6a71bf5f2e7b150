import { Claim, RING_VECTORS, ThreadState, Word, WriteRing } from './write-ring.ts';

/** Completions that are signalled together while more writes wait. */
const COMPLETIONS_PER_SIGNAL = 16;
const TWO_TO_32 = 0x1_0000_0000;
/** errno(3) of a write when this process may not write. */
const ECANCELED = 125;

interface WriteCalls {
  /** The struct iovec[RING_VECTORS] that `write` reads from. */
  readonly vector: Uint32Array;
  /** Writes from `count` buffers: bytes written, or a negated errno. */
  write(descriptor: number, count: number, offset: number): number;
  /** Whether this process may write now: asked right before each write. */
  mayWrite(): boolean;
  /** Wakes the owner's event loop. */
  signal(): void;
  /** Has the calling thread run on this processor, counted from 0, if it may; on any for -1. */
  moveTo(processor: number): void;
}

/**
 * The loop of the write thread: it does the writes of the ring, one after the other, until it is
 * told to stop. It touches nothing but the ring and the buffers that the ring's entries point to,
 * which the owner keeps alive.
 */
export function runWriteLoop(memory: SharedArrayBuffer, calls: WriteCalls): void {
  const { words, entries, results, claims } = new WriteRing(memory);
  let done = Atomics.load(words, Word.completed);
  let untold = 0;
  let beside = -1;

  /** To hand over on one processor costs less than across two: the thread goes along. */
  function follow(): void {
    const processor = words[Word.processor]! - 1;
    if (processor === beside) return;
    beside = processor;
    calls.moveTo(processor);
  }

  function perform(): void {
    follow();
    const index = WriteRing.index(done);
    if (Atomics.compareExchange(claims, index, Claim.open, Claim.taken) === Claim.open) {
      const at = WriteRing.at(done);
      const count = entries[at]! >>> 20;
      for (let i = 0; i < count; i++) setVector(calls.vector, i, entries, at + 2 + 2 * i);
      results[index] = calls.mayWrite()
        ? calls.write(entries[at]! & 0xfffff, count, entries[at + 1]!)
        : -ECANCELED;
    }
    done = (done + 1) | 0;
    Atomics.store(words, Word.completed, done);
    untold++;
    const idle = done === Atomics.load(words, Word.submitted);
    if (idle || untold >= COMPLETIONS_PER_SIGNAL) tell();
  }

  /** Wakes the owner if it wants to know. */
  function tell(): void {
    untold = 0;
    if (Atomics.exchange(words, Word.armed, 0) === 0) return;
    if (Atomics.load(words, Word.waiting) === 1) Atomics.notify(words, Word.completed);
    else calls.signal();
  }

  function rest(): void {
    Atomics.store(words, Word.asleep, 1);
    // Returns at once if something was submitted meanwhile.
    Atomics.wait(words, Word.submitted, done);
    Atomics.store(words, Word.asleep, 0);
  }

  Atomics.store(words, Word.state, ThreadState.running);
  while (Atomics.load(words, Word.stop) === 0) {
    if (done === Atomics.load(words, Word.submitted)) rest();
    else perform();
  }
  Atomics.store(words, Word.state, ThreadState.ended);
  Atomics.notify(words, Word.state);
}

export function newVector(): Uint32Array {
  return new Uint32Array(RING_VECTORS * 4);
}

/** struct iovec: address and length, of 64 bits each. */
function setVector(vector: Uint32Array, i: number, entries: Float64Array, at: number): void {
  const address = entries[at]!;
  vector[4 * i] = address;
  vector[4 * i + 1] = address / TWO_TO_32;
  vector[4 * i + 2] = entries[at + 1]!;
  vector[4 * i + 3] = 0;
}
