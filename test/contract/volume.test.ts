// Every driver of volumes keeps the contract.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { Delay } from '../../src/volume/filters/delay.ts';
import { Fault } from '../../src/volume/filters/fault.ts';
import { openLocalVolumeStore } from '../../src/volume/local/local-store.ts';
import { MemoryStore } from '../../src/volume/memory.ts';
import type { VolumeStore } from '../../src/volume/volume.ts';
import { volumeContract } from './volume.ts';

volumeContract('memory', async () => {
  const store = new MemoryStore();
  return { store, other: store, dispose: () => store.close() };
});

volumeContract('delay and fault over memory', async () => {
  const memory = new MemoryStore();
  const delays = { clock: systemClock, random: systemRandom, beforeMs: 2, afterMs: 2 };
  const never = { operations: [], status: 'writeError', oneIn: 1 } as const;
  const store: VolumeStore = {
    create: (name, sizeBytes, layout) => memory.create(name, sizeBytes, layout),
    open: async (name) =>
      new Delay(new Fault(await memory.open(name), systemRandom, [never]), delays),
    resize: (name, sizeBytes) => memory.resize(name, sizeBytes),
    delete: (name) => memory.delete(name),
    list: () => memory.list(),
    close: () => memory.close(),
  };
  return { store, other: store, dispose: () => store.close() };
});

for (const writethrough of [false, true]) {
  volumeContract(writethrough ? 'local, writethrough' : 'local', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'allpath-volume-'));
    const options = { directory, clock: systemClock, random: systemRandom, writethrough };
    const store = await openLocalVolumeStore(options);
    const other = await openLocalVolumeStore(options);
    return {
      store,
      other,
      dispose: async () => {
        await store.close();
        await other.close();
        await rm(directory, { recursive: true });
      },
    };
  });
}
