// The write thread, for which a pipe is a disk: a write to one waits inside the kernel until
// somebody reads, which is how a hung disk looks from here; a character device is a slow disk.

import { fstatSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import koffi from 'koffi';
import { WriteLease } from '../../src/volume/local/write-lease.ts';
import { newVector, runWriteLoop } from '../../src/volume/local/write-loop.ts';
import type { WriteThreadData } from '../../src/volume/local/write-ring.ts';

const { memory, leaseMemory, pipe } = workerData as WriteThreadData;
const lease = new WriteLease(leaseMemory);
const library = koffi.load(null);
const pwritev = library.func('pwritev', 'int64_t', ['int', 'uintptr_t', 'int', 'int64_t']);
const writev = library.func('writev', 'int64_t', ['int', 'uintptr_t', 'int']);
const write = library.func('write', 'int64_t', ['int', 'uintptr_t', 'size_t']);
const vector = newVector();
/** Less than the event loop would wait for a lone write, more than it should do often. */
const SLOW_MS = 0.15;
const nobody = new Int32Array(new SharedArrayBuffer(4));
const vectorAddress = Number(koffi.address(vector.buffer));

runWriteLoop(memory, {
  vector,
  write(descriptor, count, offset) {
    const stat = fstatSync(descriptor);
    if (stat.isCharacterDevice()) Atomics.wait(nobody, 0, 0, SLOW_MS);
    const written = Number(
      stat.isFIFO()
        ? writev(descriptor, vectorAddress, count)
        : pwritev(descriptor, vectorAddress, count, offset),
    );
    return written < 0 ? -koffi.errno() : written;
  },
  mayWrite: () => !lease.isOver,
  signal: () => void write(pipe, vectorAddress, 1),
  moveTo: () => {},
});
