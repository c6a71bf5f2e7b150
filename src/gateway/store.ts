import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { FencingDriver } from '../membership/fencing-driver.ts';
import type { Instance, Membership } from '../membership/membership.ts';
import { type MembershipAccess, MembershipStore } from '../membership/membership-store.ts';
import { ProcessFencing } from '../membership/process/process-fencing.ts';
import { openLocalRecords } from '../records/local/open-local-records.ts';
import { holdsStore, requireStore } from '../records/local/store-folder.ts';
import type { Member, Records } from '../records/records.ts';
import { openLocalVolumeStore } from '../volume/local/local-store.ts';
import { WriteLease } from '../volume/local/write-lease.ts';
import type { KnownVolume, Volume, VolumeStore } from '../volume/volume.ts';
import { openEmptyStore } from './empty-store.ts';
import type { StoreLocation } from './store-location.ts';

/** What a gateway or a tool has open of a store. */
export interface Store {
  readonly location: StoreLocation;
  /** There was no store in the folder: it was made, or is only seen as an empty one. */
  readonly isNew: boolean;
  readonly records: Records;
  readonly volumes: VolumeStore;
  readonly membership: MembershipAccess;
  /** What fences a gateway of this store; a store without it has no members. */
  readonly fencing?: StoreFencing;
  /** Who has the store open now, this process too, by name. */
  living(): Promise<readonly Member[]>;
  openVolume(name: string, options: OpenVolumeOptions): Promise<Volume>;
  /**
   * Volumes that are opened from now on share so many client instances of the cluster; absent
   * where there are none.
   */
  spreadVolumes?(instances: number): void;
  close(): Promise<void>;
}

export interface OpenVolumeOptions extends KnownVolume {
  /** Every write through this opening is durable before its result. */
  readonly writethrough: boolean;
}

export interface StoreFencing {
  readonly driver: FencingDriver;
  /** The client instances that were opened with the store: the records' own first. */
  readonly instances: readonly Instance[];
  /**
   * Resolves when what this gateway submitted to the volumes could not be fenced: it has to be
   * fenced as a whole.
   */
  readonly unfenced?: Promise<void>;
  /** This gateway has joined: instances that are opened from now on are registered with it. */
  joined?(membership: Membership): void;
}

export interface OpenStoreOptions {
  readonly location: StoreLocation;
  /**
   * If the folder holds no store: only a command that is to make one may `make` it, because a
   * folder may be mistyped, or its file system not mounted. A pool is always taken as it is.
   */
  readonly ifAbsent: 'make' | 'refuse' | 'empty';
  /** Unique among the living members of the store. */
  readonly memberName: string;
  /** It only reads: it makes nothing, claims nothing, and needs no room. */
  readonly isReader?: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Opens the records and the volumes of a store. Rejects with `storeMissing` or another reason. */
export async function openStore({ location, ...options }: OpenStoreOptions): Promise<Store> {
  if ('dir' in location) return await openFolder(location.dir, options);
  // Nobody else pays for what Ceph needs.
  const { openCephStore } = await import('./ceph-store.ts');
  return await openCephStore(location.ceph, options);
}

async function openFolder(
  directory: string,
  options: Omit<OpenStoreOptions, 'location'>,
): Promise<Store> {
  const { ifAbsent } = options;
  if (ifAbsent === 'refuse') await requireStore(directory);
  else if (!(await holdsStore(directory))) {
    if (ifAbsent === 'empty') return await openEmptyStore(directory, options);
    return { ...(await openLocalStore(directory, options)), isNew: true };
  }
  return await openLocalStore(directory, options);
}

/** Opens records, then volumes; lets go of the records when the volumes do not open. */
async function openLocalStore(
  directory: string,
  { memberName, isReader = false, clock, random, log }: Omit<OpenStoreOptions, 'location'>,
): Promise<Store> {
  const records = await openLocalRecords({ directory, memberName, isReader, clock, random, log });
  const lease = new WriteLease();
  const openVolumes = (writethrough: boolean): Promise<VolumeStore> => {
    const folder = join(directory, 'volumes');
    return openLocalVolumeStore({
      ...{ directory: folder, isReader, clock, random, log, writethrough, lease },
    });
  };
  try {
    const volumes = await openVolumes(false);
    // Whether writes go through is a matter of the opening; few stores have both kinds.
    let through: Promise<VolumeStore> | undefined;
    return {
      location: { dir: directory },
      isNew: false,
      records,
      volumes,
      membership: new MembershipStore({ records, clock, random }),
      fencing: { driver: new ProcessFencing(records.processes, lease), instances: [] },
      living: () => records.processes.living(),
      openVolume: async (name, { writethrough, ...known }) => {
        if (!writethrough) return await volumes.open(name, known);
        through ??= openVolumes(true);
        return await (await through).open(name, known);
      },
      close: async () => {
        await volumes.close();
        await (await through)?.close();
        await records.close();
      },
    };
  } catch (error) {
    await records.close();
    throw error;
  }
}
