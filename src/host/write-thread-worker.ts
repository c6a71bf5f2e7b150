import { workerData } from 'node:worker_threads';
import koffi from 'koffi';
import { Word, WriteRing } from './write-ring.ts';

/*
 * The write thread: works off the ring, one positioned write after the other. It touches nothing
 * but the ring and the buffers that the ring's entries point to, which the owner keeps alive.
 */

/** Completions that are told of together while more writes wait. */
const COMPLETIONS_PER_SIGNAL = 16;

const { memory, pipe } = workerData as { memory: SharedArrayBuffer; pipe: number };
const { words, entries, results } = new WriteRing(memory);
const library = koffi.load(null);
const pwritev = library.func('pwritev', 'int64_t', ['int', 'uintptr_t', 'int', 'int64_t']);
const write = library.func('write', 'int64_t', ['int', 'uintptr_t', 'size_t']);
const vector = new BigUint64Array(2 * 8);
const vectorAddress = Number(koffi.address(vector.buffer));
const vectorWords = new Uint32Array(vector.buffer);
const TWO_TO_32 = 0x1_0000_0000;

const setAffinity = library.func('sched_setaffinity', 'int', ['int', 'size_t', 'uintptr_t']);
/** cpu_set_t: a bit a processor, 1024 of them. */
const mask = new Uint32Array(32);
const maskAddress = Number(koffi.address(mask.buffer));
let beside = 0;

let done = Atomics.load(words, Word.completed);
let untold = 0;
while (Atomics.load(words, Word.stop) === 0) {
  if (done === Atomics.load(words, Word.submitted)) rest();
  else perform();
}

/** Hand-over on one processor costs a third of what it costs across: the thread goes along. */
function follow(processor: number): void {
  if (processor === beside) return;
  beside = processor;
  mask.fill(0);
  mask[(processor - 1) >>> 5]! |= 1 << ((processor - 1) & 31);
  // Where it is not allowed to go there it stays where it is.
  setAffinity(0, mask.byteLength, maskAddress);
}

function perform(): void {
  follow(words[Word.processor]!);
  const at = WriteRing.at(done);
  const count = entries[at]! >>> 20;
  for (let i = 0; i < count; i++) {
    const address = entries[at + 2 + 2 * i]!;
    vectorWords[4 * i] = address % TWO_TO_32;
    vectorWords[4 * i + 1] = address / TWO_TO_32;
    vectorWords[4 * i + 2] = entries[at + 3 + 2 * i]!;
    vectorWords[4 * i + 3] = 0;
  }
  const written = Number(pwritev(entries[at]! & 0xfffff, vectorAddress, count, entries[at + 1]!));
  results[done & (results.length - 1)] = written < 0 ? -koffi.errno() : written;
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
  else write(pipe, vectorAddress, 1);
}

function rest(): void {
  Atomics.store(words, Word.asleep, 1);
  // Returns at once if something was submitted meanwhile.
  Atomics.wait(words, Word.submitted, done);
  Atomics.store(words, Word.asleep, 0);
}
