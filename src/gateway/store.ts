import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { openLocalRecords } from '../records/local/open-local-records.ts';
import type { Records } from '../records/records.ts';
import { openLocalVolumeStore } from '../volume/local/local-store.ts';
import type { VolumeStore } from '../volume/volume.ts';

/** What a gateway or a tool has open of a store. */
export interface Store {
  readonly directory: string;
  readonly records: Records;
  readonly volumes: VolumeStore;
  close(): Promise<void>;
}

export interface OpenStoreOptions {
  /** The folder of the store; made if it is absent. */
  readonly directory: string;
  /** Unique among the living members of the store. */
  readonly memberName: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Opens records, then volumes; lets go of the records when the volumes do not open. */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const { directory, memberName, clock, random, log } = options;
  const records = await openLocalRecords({ directory, memberName, clock, random, log });
  try {
    const volumes = await openLocalVolumeStore({
      directory: join(directory, 'volumes'),
      clock,
      log,
    });
    const close = async (): Promise<void> => {
      await volumes.close();
      await records.close();
    };
    return { directory, records, volumes, close };
  } catch (error) {
    await records.close();
    throw error;
  }
}
