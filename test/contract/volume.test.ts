// Every driver of volumes keeps the contract.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pending } from '../../src/base/pending.ts';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { Stats } from '../../src/volume/filters/stats.ts';
import { openLocalVolumeStore } from '../../src/volume/local/local-store.ts';
import { LockFile } from '../../src/volume/local/lock-file.ts';
import type { Volume, VolumeResult, VolumeStore } from '../../src/volume/volume.ts';
import { Fault } from '../doubles/fault-filter.ts';
import { type Lateness, LateVolumes, randomLateness } from '../doubles/late-volumes.ts';
import { MemoryStore } from '../doubles/memory-volumes.ts';
import { VolumeFilter } from '../doubles/volume-filter.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Sleep, volumeContract } from './volume.ts';

volumeContract('memory', async () => {
  const store = new MemoryStore();
  return { store, other: store, dispose: () => store.close() };
});

volumeContract('late memory', async () => {
  const gate = new Gate();
  const store = new LateVolumes(new MemoryStore(), gate.lateness);
  const sleep = async () => ({ keepsClosed: false, ...gate.shut() });
  return { store, other: store, sleep, dispose: () => store.close() };
});

volumeContract('late memory, at random', async () => {
  const lateness = randomLateness(systemClock, systemRandom, { landingMaxMs: 2, resultMaxMs: 2 });
  const store = new LateVolumes(new MemoryStore(), lateness);
  return { store, other: store, dispose: () => store.close() };
});

volumeContract('a filter that holds operations back, and faults that never happen', async () => {
  const memory = new MemoryStore();
  const gate = new Gate();
  const never = { operations: [], status: 'writeError', oneIn: 1 } as const;
  const store = filtered(memory, (volume) => {
    return new Holding(new Fault(volume, systemRandom, [never]), gate);
  });
  const sleep = async () => ({ keepsClosed: false, ...gate.shut() });
  return { store, other: store, sleep, dispose: () => store.close() };
});

volumeContract('faults that never happen, over late memory', async () => {
  const gate = new Gate();
  const never = { operations: [], status: 'writeError', oneIn: 1 } as const;
  const late = new LateVolumes(new MemoryStore(), gate.lateness);
  const store = filtered(late, (volume) => new Fault(volume, systemRandom, [never]));
  const sleep = async () => ({ keepsClosed: false, ...gate.shut() });
  return { store, other: store, sleep, dispose: () => store.close() };
});

volumeContract('a filter that counts, over late memory', async () => {
  const gate = new Gate();
  const late = new LateVolumes(new MemoryStore(), gate.lateness);
  const probe = { onSubmitted() {}, onMeasured() {} };
  const store = filtered(late, (volume) => new Stats(volume, probe, systemClock));
  const sleep = async () => ({ keepsClosed: false, ...gate.shut() });
  return { store, other: store, sleep, dispose: () => store.close() };
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
      sleep: async () => await sleepUnderLock(join(directory, 'disk.lock')),
      dispose: async () => {
        await store.close();
        await other.close();
        await rm(directory, { recursive: true });
      },
    };
  });
}

/** A change of a local volume sleeps while another process holds its range. */
async function sleepUnderLock(path: string): Promise<Sleep> {
  const lockFile = new LockFile(path);
  await waitFor('the lock of the first block', () => lockFile.tryExclusive(0, 512));
  let isHeld = true;
  const wake = async (): Promise<void> => {
    if (isHeld) lockFile.close();
    isHeld = false;
  };
  return { wake, keepsClosed: true };
}

/** Holds what comes next, once, until it is opened. */
class Gate {
  #next: Promise<void> | undefined;
  readonly lateness: Lateness = { landing: () => this.pass(), result: async () => {} };

  shut(): { wake(): Promise<void> } {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#next = promise;
    return { wake: async () => resolve() };
  }

  async pass(): Promise<void> {
    const held = this.#next;
    this.#next = undefined;
    await held;
  }
}

class Holding extends VolumeFilter {
  readonly #gate: Gate;

  constructor(inner: Volume, gate: Gate) {
    super(inner);
    this.#gate = gate;
  }

  protected override async around(
    _operation: unknown,
    submit: () => Pending<VolumeResult>,
  ): Promise<VolumeResult> {
    await this.#gate.pass();
    return await submit();
  }
}

function filtered(inner: VolumeStore, filter: (volume: Volume) => Volume): VolumeStore {
  return {
    create: (name, sizeBytes, options) => inner.create(name, sizeBytes, options),
    sizeRefusal: (sizeBytes) => inner.sizeRefusal(sizeBytes),
    open: async (name, known) => filter(await inner.open(name, known)),
    resize: (name, sizeBytes, known) => inner.resize(name, sizeBytes, known),
    delete: (name, options) => inner.delete(name, options),
    assign: (name, disk, known) => inner.assign(name, disk, known),
    list: () => inner.list(),
    close: () => inner.close(),
  };
}
