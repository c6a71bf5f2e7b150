import { join } from 'node:path';
import { MembershipStore } from '../membership/membership-store.ts';
import { ProcessFencing } from '../membership/process/process-fencing.ts';
import { openLocalRecords } from '../records/local/open-local-records.ts';
import { holdsStore, requireStore } from '../records/local/store-folder.ts';
import { openLocalVolumeStore } from '../volume/local/local-store.ts';
import { WriteLease } from '../volume/local/write-lease.ts';
import type { VolumeStore } from '../volume/volume.ts';
import { openEmptyStore } from './empty-store.ts';
import type { OpenStoreOptions, Store } from './store.ts';

/** Opens the records and the volumes of a store. Rejects with `storeMissing` or another reason. */
export async function openStore({ location, ...options }: OpenStoreOptions): Promise<Store> {
  if ('dir' in location) return await openFolder(location.dir, options);
  // Loaded here, so that other stores do not pay for it.
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

/** Opens records, then volumes; closes the records when the volumes do not open. */
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
    // Writethrough is set when the store is opened; few stores have both kinds of volume.
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
