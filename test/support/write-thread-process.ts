// A process with a write thread, which ends as its first argument says while writes are under way.
// Arguments: HOW FOLDER.

import assert from 'node:assert/strict';
import { openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../src/base/clock.ts';
import { bootTimeMs } from '../../src/host/kernel.ts';
import { systemClock } from '../../src/host/system-clock.ts';
import { WriteLease } from '../../src/volume/local/write-lease.ts';
import { RING_ENTRIES } from '../../src/volume/local/write-ring.ts';
import { WriteThread } from '../../src/volume/local/write-thread.ts';
import { CAPACITY_BYTES, PipeDisk } from './pipe-disk.ts';
import { waitFor } from './wait-for.ts';

const [how = '', folder = ''] = process.argv.slice(2);
const patient: Clock = { ...systemClock, after: () => ({ cancel() {} }) };
/** Not over before the process has stopped itself, nor when it is continued. */
const LEASE_MS = 2_000;
const HANG_MS = 120_000;
const worker = new URL('./pipe-write-worker.ts', import.meta.url);
const needsPipe = how === 'hung' || how === 'stopped';
const lease = new WriteLease();
const thread = new WriteThread({ clock: patient, lease, ...(needsPipe ? { worker } : {}) });
const file = openSync(join(folder, `file-${how}`), 'w+');

function write(descriptor: number, offset: number, from: Uint8Array): Promise<number> {
  return new Promise((resolve) => {
    assert.ok(thread.write(descriptor, offset, [from], from.length, resolve));
  });
}

/** A thread of this process waits in the kernel for room in a pipe. */
function isInPipeWrite(): boolean {
  const waits = readdirSync('/proc/self/task').map((thread) =>
    readFileSync(`/proc/self/task/${thread}/wchan`, 'latin1'),
  );
  return waits.some((where) => where.includes('pipe_write'));
}

async function stream(): Promise<never> {
  for (;;) await write(file, 0, new Uint8Array(4096));
}

await write(file, 0, Uint8Array.of(1));
switch (how) {
  case 'done':
    // Nothing is left to do, and nobody closes.
    break;
  case 'exit':
  case 'throw':
    for (let i = 0; i < 16; i++) void stream();
    setTimeout(() => {
      if (how === 'throw') throw new Error('thrown on purpose');
      process.exit(7);
    }, 20);
    break;
  case 'hung': {
    const disk = new PipeDisk(join(folder, 'pipe'));
    await write(disk.descriptor, 0, new Uint8Array(CAPACITY_BYTES));
    void write(disk.descriptor, 0, Uint8Array.of(1));
    setTimeout(() => process.exit(7), 20);
    break;
  }
  case 'stopped': {
    // The thread is inside a write when the process is stopped, and its ring is full behind that.
    const disk = new PipeDisk(join(folder, 'pipe'));
    await write(disk.descriptor, 0, new Uint8Array(CAPACITY_BYTES));
    const first = write(disk.descriptor, 0, Uint8Array.of(1));
    await waitFor('the thread is inside the write', isInPipeWrite, HANG_MS);
    const others = Array.from({ length: RING_ENTRIES - 1 }, (_, i) =>
      write(file, 1 + i, Uint8Array.of(1)),
    );
    lease.renew(bootTimeMs() + LEASE_MS);
    await Promise.resolve();
    process.stdout.write('full\n');
    process.kill(process.pid, 'SIGSTOP');
    // Whoever continues it has waited for the end of the lease: the write that hangs ends now.
    disk.drain();
    process.stdout.write(`${await first} ${[...new Set(await Promise.all(others))]}\n`);
    await thread.close();
    disk.close();
    break;
  }
  case 'collect': {
    // Short arrays live inside the heap, where they move, until their buffer is asked for.
    const writes: Promise<number>[] = [];
    for (let i = 0; i < 20_000; i++) {
      writes.push(write(file, i, new Uint8Array([i % 251])));
      if (writes.length === 200) {
        (globalThis as unknown as { gc(): void }).gc();
        await Promise.all(writes.splice(0));
      }
    }
    await thread.close();
    const content = readFileSync(join(folder, `file-${how}`));
    assert.ok(content.every((byte, i) => byte === i % 251));
    assert.equal(content.length, 20_000);
  }
}
