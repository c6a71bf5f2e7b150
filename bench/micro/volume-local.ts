// The cost of a local volume: wall clock and CPU of this process, in microseconds per operation.
// Run it with `node bench/micro/volume-local.ts [FOLDER]`.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, write } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { FileMedium } from '../../src/volume/local/file-medium.ts';
import { openLocalVolumeStore } from '../../src/volume/local/local-store.ts';
import { WriteLease } from '../../src/volume/local/write-lease.ts';
import { WriteBatches, WriteQueue } from '../../src/volume/local/write-queue.ts';
import type { Volume, VolumeResult } from '../../src/volume/volume.ts';

const SIZE_BYTES = 256 * 1024 * 1024;
/** A stride that skips neighbouring blocks. */
const STRIDE_BYTES = 1024 * 1024 + 4096;

type Operation = (offset: number, slot: number) => VolumeResult | Promise<VolumeResult>;

async function measure(
  what: string,
  depth: number,
  count: number,
  lengthBytes: number,
  operation: Operation,
): Promise<void> {
  let next = 0;
  const lane = async (slot: number): Promise<void> => {
    while (next < count) {
      const offset = (next++ * STRIDE_BYTES) % (SIZE_BYTES - lengthBytes);
      const pending = operation(offset - (offset % 4096), slot);
      const { status } = pending instanceof Promise ? await pending : pending;
      if (status !== 'done') throw new Error(`${what}: ${status}`);
    }
  };
  const cpu = process.cpuUsage();
  const start = performance.now();
  await Promise.all(Array.from({ length: depth }, (_, slot) => lane(slot)));
  const wallUs = ((performance.now() - start) * 1000) / count;
  const { user, system } = process.cpuUsage(cpu);
  const cpuUs = (user + system) / count;
  const label = `${what}, depth ${depth}`.padEnd(36);
  process.stdout.write(
    `${label}${wallUs.toFixed(2).padStart(9)} us${cpuUs.toFixed(2).padStart(9)} CPU us\n`,
  );
}

function blocks(lengthBytes: number): readonly Uint8Array[] {
  return Array.from({ length: 128 }, (_, i) => new Uint8Array(lengthBytes).fill(i + 1));
}

async function run(volume: Volume): Promise<void> {
  const small = blocks(4096);
  // In small pieces: ext4 keeps the data of 1 MiB writes in large folios, in which a write of 4 KiB
  // costs six times as much.
  for (let at = 0; at < SIZE_BYTES; at += 4096) await volume.write(at, [small[0]!]);
  for (const depth of [1, 32, 128]) {
    await measure('read 4 KiB', depth, 100_000, 4096, (at, i) => volume.read(at, [small[i]!]));
    await measure('write 4 KiB', depth, 50_000, 4096, (at, i) => volume.write(at, [small[i]!]));
  }
  const middle = blocks(256 * 1024);
  await measure('read 256 KiB', 16, 4000, 262144, (at, i) => volume.read(at, [middle[i]!]));
  await measure('write 256 KiB', 16, 2000, 262144, (at, i) => volume.write(at, [middle[i]!]));
  await measure('compareAndWrite 512 B', 1, 10_000, 4096, async (at) => {
    const block = new Uint8Array(512);
    await volume.read(at, [block]);
    return volume.compareAndWrite(at, [block], [block]);
  });
  await measure('unmap 64 KiB', 1, 2000, 65536, (at) => volume.unmap(at, 65536));
  await measure('write 4 KiB FUA', 32, 500, 4096, (at, i) =>
    volume.write(at, [small[i]!], { fua: true }),
  );
}

/** The ways in which writes could be done without the thread and its ring, for comparison. */
async function compareWays(path: string): Promise<void> {
  const descriptor = openSync(path, 'r+');
  const batches = new WriteBatches();
  const lease = new WriteLease();
  const queue = new WriteQueue(descriptor, systemClock, batches, lease);
  const batched = new FileMedium(descriptor, queue, lease);
  const small = blocks(4096);
  const plain: Operation = (at, i) =>
    new Promise((resolve, reject) => {
      write(descriptor, small[i]!, 0, 4096, at, (error) => {
        if (error === null) resolve({ status: 'done' });
        else reject(error);
      });
    });
  for (const depth of [1, 32, 128]) {
    await measure('fs.write 4 KiB', depth, 30_000, 4096, plain);
    await measure('io_submit 4 KiB', depth, 30_000, 4096, (at, i) =>
      batched.write(at, [small[i]!]),
    );
  }
  batches.close();
  closeSync(descriptor);
}

/** COMPARE AND WRITE while another process keeps 32 writes in flight. */
async function compareBesideStream(volume: Volume, folder: string): Promise<void> {
  const other = fork(import.meta.filename, ['--stream', folder]);
  await once(other, 'message');
  const tookMs: number[] = [];
  const block = new Uint8Array(512);
  for (let i = 0; i < 1000; i++) {
    const begunMs = performance.now();
    await volume.read(0, [block]);
    await volume.compareAndWrite(0, [block], [block]);
    tookMs.push(performance.now() - begunMs);
    // Sometimes so rare that the other process shares one lock again.
    if (i % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 700));
  }
  tookMs.sort((a, b) => a - b);
  const at = (part: number): string => tookMs[Math.floor((tookMs.length - 1) * part)]!.toFixed(2);
  const times = `p50 ${at(0.5)}  p99 ${at(0.99)}  max ${at(1)} ms`;
  process.stdout.write(`compareAndWrite beside a process that writes: ${times}\n`);
  other.kill('SIGKILL');
  await once(other, 'exit');
}

/** The work of the other process, until it is killed. */
async function stream(volume: Volume): Promise<never> {
  const small = blocks(4096);
  let next = 0;
  const lane = async (slot: number): Promise<never> => {
    for (;;) await volume.write((1 + (next++ % 60_000)) * 4096, [small[slot]!]);
  };
  const lanes = Array.from({ length: 32 }, (_, slot) => lane(slot));
  process.send?.('begun');
  return Promise.race(lanes);
}

if (process.argv[2] === '--stream') {
  const place = { directory: process.argv[3]!, clock: systemClock, random: systemRandom };
  await stream(await (await openLocalVolumeStore(place)).open('disk'));
}

const directory = await mkdtemp(join(process.argv[2] ?? tmpdir(), 'allpath-bench-'));
const store = await openLocalVolumeStore({
  directory,
  clock: systemClock,
  random: systemRandom,
});
try {
  await store.create('disk', SIZE_BYTES);
  const volume = await store.open('disk');
  await run(volume);
  await compareWays(join(directory, 'disk.image'));
  await compareBesideStream(volume, directory);
} finally {
  await store.close();
  await rm(directory, { recursive: true });
}
