import { join } from 'node:path';
import { MembershipStore } from '../membership/membership-store.ts';
import { EmptyRecords } from '../records/empty-records.ts';
import { openLocalVolumeStore } from '../volume/local/local-store.ts';
import type { OpenStoreOptions, Store } from './store.ts';

/**
 * A folder without a store, as a command that only reads sees it: an empty store. Creates nothing.
 */
export async function openEmptyStore(
  directory: string,
  { memberName, clock, random, log }: Omit<OpenStoreOptions, 'location'>,
): Promise<Store> {
  const records = new EmptyRecords({ name: memberName, incarnation: 'none' });
  const volumes = await openLocalVolumeStore({
    ...{ directory: join(directory, 'volumes'), isReader: true, clock, random, log },
  });
  return {
    ...{ location: { dir: directory }, isNew: true, records, volumes },
    membership: new MembershipStore({ records, clock, random }),
    living: async () => [],
    openVolume: (name, known) => volumes.open(name, known),
    close: async () => {
      await volumes.close();
      await records.close();
    },
  };
}
