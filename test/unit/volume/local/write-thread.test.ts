// Small writes through one thread: results and errors come back to the write that they belong to,
// the ring is bounded and wraps around, and a write that hangs holds up neither the event loop nor
// other writes.

import assert from 'node:assert/strict';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Clock } from '../../../../src/base/clock.ts';
import { systemClock } from '../../../../src/host/system-clock.ts';
import { NOT_SUBMITTED } from '../../../../src/volume/local/write-batch.ts';
import { RING_ENTRIES, RING_VECTORS } from '../../../../src/volume/local/write-ring.ts';
import {
  TAKEN_IN_ROW_MAX,
  THREAD_WRITE_BYTES_MAX,
  WriteThread,
  type WriteThreadOptions,
} from '../../../../src/volume/local/write-thread.ts';
import { CAPACITY_BYTES, PipeDisk } from '../../../support/pipe-disk.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { waitFor } from '../../../support/wait-for.ts';

const { O_RDWR, O_NONBLOCK } = constants;
const EBADF = 9;
const ENOSPC = 28;
const LAST_SEQUENCE = 0x7fff_ffff;
const worker = new URL('../../../support/pipe-write-worker.ts', import.meta.url);
const block = new Uint8Array(512).fill(1);

/** The thread is never found stuck, however long it takes to start. */
const patient: Clock = { ...systemClock, after: () => ({ cancel() {} }) };

interface Bench {
  readonly thread: WriteThread;
  readonly folder: string;
  readonly file: number;
}

function bench(context: TestContext, options: Partial<WriteThreadOptions> = {}): Bench {
  const folder = mkdtempSync(join(tmpdir(), 'allpath-write-thread-'));
  const file = openSync(join(folder, 'file'), 'w+');
  const thread = new WriteThread({ clock: patient, ...options });
  context.after(async () => {
    await thread.close();
    closeSync(file);
    rmSync(folder, { recursive: true });
  });
  return { thread, folder, file };
}

function write(
  thread: WriteThread,
  descriptor: number,
  offset: number,
  ...from: Uint8Array[]
): Promise<number> {
  const length = from.reduce((sum, view) => sum + view.length, 0);
  return new Promise((resolve, reject) => {
    if (!thread.write(descriptor, offset, from, length, resolve)) reject(new Error('refused'));
  });
}

/** Resolves when the thread has started, and writes. */
async function started({ thread, file }: Bench): Promise<void> {
  let written = 0;
  while (written !== block.length) {
    written = await write(thread, file, 0, block).catch(() => 0);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test('what the buffers hold lands where it was meant to', async (context) => {
  const { thread, folder, file } = bench(context);
  const text = (value: string): Uint8Array => Buffer.from(value);
  const written = await Promise.all([
    write(thread, file, 6, text('wri'), text('tt'), text('en')),
    write(thread, file, 0, text('it is ')),
  ]);
  assert.deepEqual(written, [7, 6]);
  assert.equal(readFileSync(join(folder, 'file'), 'latin1'), 'it is written');
});

test('an error comes back as its negated errno, to the write that had it', async (context) => {
  const { thread, file } = bench(context);
  const full = openSync('/dev/full', 'r+');
  const readOnly = openSync('/dev/zero', 'r');
  context.after(() => [full, readOnly].forEach(closeSync));
  const results = [full, file, readOnly, file].map((to) => write(thread, to, 0, block));
  assert.deepEqual(await Promise.all(results), [-ENOSPC, 512, -EBADF, 512]);
});

test('a short write says how much was written', async (context) => {
  const { thread, folder } = bench(context, { worker });
  const disk = new PipeDisk(join(folder, 'pipe'));
  context.after(() => disk.close());
  // A pipe whose reader wants nothing takes what it has room for.
  const nonBlocking = openSync(join(folder, 'pipe'), O_RDWR | O_NONBLOCK);
  context.after(() => closeSync(nonBlocking));
  const half = new Uint8Array(CAPACITY_BYTES / 2 + 4096);
  assert.equal(await write(thread, nonBlocking, 0, half), half.length);
  assert.equal(await write(thread, nonBlocking, 0, half), CAPACITY_BYTES / 2 - 4096);
});

test('what does not fit goes another way', async (context) => {
  const { thread, file } = bench(context);
  const parts = Array.from({ length: RING_VECTORS + 1 }, () => block);
  await assert.rejects(write(thread, file, 0, ...parts), /refused/);
  await assert.rejects(
    write(thread, file, 0, new Uint8Array(THREAD_WRITE_BYTES_MAX + 1)),
    /refused/,
  );
  assert.equal(await write(thread, file, 0, ...parts.slice(1)), RING_VECTORS * 512);
});

for (const firstSequence of [0, LAST_SEQUENCE - RING_ENTRIES / 2, LAST_SEQUENCE, -1]) {
  test(`the ring takes what it has room for, counting from ${firstSequence}`, async (context) => {
    const { thread, folder, file } = bench(context, { firstSequence });
    for (let round = 0; round < 3; round++) {
      const writes: Promise<number>[] = [];
      for (let i = 0; i < RING_ENTRIES; i++) {
        writes.push(write(thread, file, i, new Uint8Array([i + round])));
      }
      await assert.rejects(write(thread, file, 0, block), /refused/);
      assert.ok((await Promise.all(writes)).every((written) => written === 1));
      const expected = Uint8Array.from({ length: RING_ENTRIES }, (_, i) => i + round);
      assert.deepEqual(new Uint8Array(readFileSync(join(folder, 'file'))), expected);
    }
    await write(thread, file, 0, block);
  });
}

test('a write that hangs holds up no timer and no other write', async (context) => {
  const bed = bench(context, { worker, clock: systemClock });
  const { thread, folder, file } = bed;
  const disk = new PipeDisk(join(folder, 'pipe'));
  context.after(() => disk.close());
  await started(bed);
  await write(thread, disk.descriptor, 0, new Uint8Array(CAPACITY_BYTES));
  let isHungDone = false;
  const before = write(thread, file, 512, block);
  const hung = write(thread, disk.descriptor, 0, block).then((written) => {
    isHungDone = true;
    return written;
  });
  const behind = [1, 2, 3].map((i) => write(thread, file, i * 4096, block));
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  // What was done before it is told of; what stands behind it is given back.
  assert.equal(await before, 512);
  assert.deepEqual(await Promise.all(behind), [NOT_SUBMITTED, NOT_SUBMITTED, NOT_SUBMITTED]);
  await assert.rejects(write(thread, file, 0, block), /refused/);
  const later = ticks + TICKS;
  await waitFor('timers', () => ticks >= later);
  clearInterval(timer);
  assert.equal(isHungDone, false);
  disk.drain();
  assert.equal(await hung, 512);
  // From then on it is trusted again; what was given back was not written.
  assert.equal(await write(thread, file, 1024, block), 512);
  assert.equal(readFileSync(join(folder, 'file')).length, 1536);
});

test('waits for lone writes leave the event loop half of its time', async (context) => {
  const { thread } = bench(context, { worker });
  const slow = openSync('/dev/null', 'r+');
  context.after(() => closeSync(slow));
  await write(thread, slow, 0, block);
  const heldShare = async (): Promise<number> => {
    const startMs = systemClock.now();
    let heldMs = 0;
    while (systemClock.now() - startMs < LOOK_MS) {
      const beginMs = systemClock.now();
      const written = write(thread, slow, 0, block);
      // What the thread's owner does in this turn it does before this goes on.
      await Promise.resolve();
      heldMs += systemClock.now() - beginMs;
      await written;
    }
    return heldMs / (systemClock.now() - startMs);
  };
  // A machine that takes the processor away at a look does not do so at every one.
  const shares: number[] = [];
  while (Math.min(...shares) > HELD_SHARE_MAX && shares.length < LOOKS_MAX) {
    shares.push(await heldShare());
  }
  assert.ok(Math.min(...shares) < HELD_SHARE_MAX, `the event loop was held: ${shares}`);
});

test('it is closed once, takes nothing afterwards, and writes nothing again', async (context) => {
  const { thread, folder, file } = bench(context);
  for (let i = 0; i < RING_ENTRIES + 3; i++) await write(thread, file, 0, block);
  const zeros = openSync(join(folder, 'file'), 'r+');
  context.after(() => closeSync(zeros));
  await Promise.all([thread.close(), thread.close()]);
  // The descriptors that it gave back belong to others now.
  const probe = openSync('/dev/zero', 'r');
  await thread.close();
  assert.equal(readSync(probe, new Uint8Array(8)), 8);
  closeSync(probe);
  await assert.rejects(write(thread, file, 0, block), /refused/);
});

test('it is closed before it has passed over what was given back', async (context) => {
  const { thread, file } = bench(context, { clock: systemClock });
  // It has not started: whatever is written now is given back, unless it starts very soon.
  const written = await write(thread, file, 0, block);
  assert.ok(written === NOT_SUBMITTED || written === block.length);
  await thread.close();
});

test('no wake-up is lost between bursts and pauses', async (context) => {
  const { thread, file } = bench(context);
  const random = new SeededRandom(7);
  const endMs = systemClock.now() + 1500;
  let count = 0;
  const lane = async (): Promise<void> => {
    while (systemClock.now() < endMs || count <= WRITES_MIN) {
      assert.equal(await write(thread, file, random.below(64) * 512, block), 512);
      count++;
      const pause = random.below(8);
      if (pause === 0) await new Promise(setImmediate);
      if (pause === 1) await new Promise((resolve) => setTimeout(resolve, random.below(3)));
    }
  };
  // A write whose result nobody tells would leave its lane, and this test, waiting.
  await Promise.all(Array.from({ length: 5 }, lane));
});

/** Half of the time waiting, and what handing over itself costs. */
const HELD_SHARE_MAX = 0.65;
const LOOK_MS = 300;
const LOOKS_MAX = 20;
const TICKS = 20;
const WRITES_MIN = 100;

test('results that have further writes submitted leave the event loop to others', async (context) => {
  const begun = bench(context);
  const { thread, file } = begun;
  await started(begun);
  let left = 16 * TAKEN_IN_ROW_MAX;
  let inTurn = 0;
  let inTurnMax = 0;
  let isOver = false;
  const countTurns = (): void => {
    inTurn = 0;
    if (!isOver) setImmediate(countTurns);
  };
  countTurns();
  // Slower than the thread, which so has the next result each time.
  const work = (): void => {
    const until = performance.now() + 0.1;
    while (performance.now() < until);
  };
  const chain = async (): Promise<void> => {
    while (left-- > 0) {
      await write(thread, file, 0, block);
      work();
      inTurnMax = Math.max(inTurnMax, ++inTurn);
    }
  };
  await Promise.all(Array.from({ length: 64 }, chain));
  isOver = true;
  // One look takes all that the ring holds.
  assert.ok(inTurnMax <= TAKEN_IN_ROW_MAX + 2 * RING_ENTRIES, `${inTurnMax} results in a turn`);
});
