// A process that works on the volume `disk` of a store: volume-process.ts FOLDER TASK [COUNT].
// It prints a line for each thing done, so that a test can wait for it.

import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { openLocalVolumeStore } from '../../src/volume/local/local-store.ts';
import { LockFile } from '../../src/volume/local/lock-file.ts';
import type { Volume } from '../../src/volume/volume.ts';

/** How many blocks of 4096 bytes, from the first on, the task `stamp` writes repeatedly. */
export const STAMPED_BLOCKS = 4;

/** Adds one to the number in the first block by COMPARE AND WRITE, however often it takes. */
export async function increment(volume: Volume): Promise<void> {
  for (;;) {
    const before = new Uint8Array(512);
    const read = await volume.read(0, [before]);
    if (read.status !== 'done') throw new Error(read.status);
    const after = before.slice();
    new DataView(after.buffer).setUint32(0, count(before) + 1);
    const { status } = await volume.compareAndWrite(0, [before], [after]);
    if (status === 'done') return;
    if (status !== 'miscompare') throw new Error(status);
  }
}

export function count(block: Uint8Array): number {
  return new DataView(block.buffer).getUint32(0);
}

async function main(directory: string, task: string, rounds: number): Promise<void> {
  if (task === 'hold') {
    // What a process stopped between comparing and writing looks like from outside.
    const file = new LockFile(`${directory}/disk.lock`);
    if (!file.tryOpen() || !file.tryExclusive(0, 512)) throw new Error('the lock is taken');
    process.stdout.write('held\n');
    setInterval(() => {}, 1000);
    return;
  }
  const options = { directory, clock: systemClock, random: systemRandom };
  const store = await openLocalVolumeStore(options);
  const volume = await store.open('disk');
  process.stdout.write('open\n');
  for (let i = 0; i < rounds; i++) {
    if (task === 'stamp') {
      // Each block carries one byte value throughout: one with two is torn.
      const writes = Array.from({ length: STAMPED_BLOCKS }, (_, block) =>
        volume.write(block * 4096, [new Uint8Array(4096).fill(i)]),
      );
      for (const { status } of await Promise.all(writes)) {
        if (status !== 'done') throw new Error(status);
      }
    } else if (task === 'count') {
      await increment(volume);
      process.stdout.write('counted\n');
    } else {
      const writes = Array.from({ length: 8 }, () => volume.write(0, [new Uint8Array(4096)]));
      for (const { status } of await Promise.all(writes)) {
        if (status !== 'done') throw new Error(status);
      }
    }
  }
  await store.close();
}

const [, script = '', directory, task, rounds] = process.argv;
if (script.endsWith('volume-process.ts') && directory !== undefined && task !== undefined) {
  await main(directory, task, Number(rounds ?? 1e9));
}
