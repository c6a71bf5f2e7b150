/** The write thread. */
import { workerData } from 'node:worker_threads';
import koffi from 'koffi';
import { WriteLease } from './write-lease.ts';
import { newVector, runWriteLoop } from './write-loop.ts';
import type { WriteThreadData } from './write-ring.ts';

const { memory, leaseMemory, pipe } = workerData as WriteThreadData;
const lease = new WriteLease(leaseMemory);
const library = koffi.load(null);
const pwritev = library.func('pwritev', 'int64_t', ['int', 'uintptr_t', 'int', 'int64_t']);
const write = library.func('write', 'int64_t', ['int', 'uintptr_t', 'size_t']);
const setAffinity = library.func('sched_setaffinity', 'int', ['int', 'size_t', 'uintptr_t']);
/** cpu_set_t: a bit a processor, 1024 of them. */
const processors = new Uint32Array(32);
const processorsAddress = Number(koffi.address(processors.buffer));
const vector = newVector();
const vectorAddress = Number(koffi.address(vector.buffer));

runWriteLoop(memory, {
  vector,
  write(descriptor, count, offset) {
    const written = Number(pwritev(descriptor, vectorAddress, count, offset));
    return written < 0 ? -koffi.errno() : written;
  },
  mayWrite: () => !lease.isOver,
  signal: () => void write(pipe, vectorAddress, 1),
  moveTo(processor) {
    processors.fill(processor < 0 ? 0xffffffff : 0);
    if (processor >= 0) processors[processor >>> 5] = 1 << (processor & 31);
    setAffinity(0, processors.byteLength, processorsAddress);
  },
});
