// The driver `memory` keeps the records contract.

import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import type { Records } from '../../src/records/records.ts';
import {
  MemoryRecordsWorld,
  type MemoryRecordsWorldOptions,
} from '../doubles/memory-records-world.ts';
import { recordsContract } from './records.ts';
import { bytes, type RecordsWorld, text } from './records-world.ts';

async function openWorld(options: Partial<MemoryRecordsWorldOptions>): Promise<RecordsWorld> {
  const world = new MemoryRecordsWorld({ clock: systemClock, random: systemRandom, ...options });
  return {
    open: (name) => world.open(name),
    async openPuppet(name, channel) {
      const records = await world.open(name);
      const onNotify = (message: Uint8Array) => bytes(`echo:${text(message)}`);
      await records.watch(channel, { onNotify, onLost() {} });
      return {
        member: records.self,
        stop: async () => world.stop(records.self),
        resume: async () => world.resume(records.self),
        end: () => records.close(),
      };
    },
    loseWatches: async (records: Records) => world.loseWatches(records.self),
    dispose: async () => {},
  };
}

recordsContract('memory', () => openWorld({}));
recordsContract('memory with delays', () => openWorld({ delayMaxMs: 2 }));
