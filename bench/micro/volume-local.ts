// What a local volume costs: microseconds of wall clock and of this process's CPU per operation.
// node bench/micro/volume-local.ts [FOLDER]

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { openLocalVolumeStore } from '../../src/volume/local/local-store.ts';
import type { Volume, VolumeResult } from '../../src/volume/volume.ts';

const SIZE_BYTES = 256 * 1024 * 1024;
/** A stride that leaves neighbours alone. */
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
  // In small pieces: ext4 keeps what came in 1 MiB writes in large folios, in which a write of
  // 4 KiB costs six times as much.
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

const directory = await mkdtemp(join(process.argv[2] ?? tmpdir(), 'allpath-bench-'));
const store = await openLocalVolumeStore({
  directory,
  clock: systemClock,
  random: systemRandom,
});
try {
  await store.create('disk', SIZE_BYTES);
  await run(await store.open('disk'));
} finally {
  await store.close();
  await rm(directory, { recursive: true });
}
