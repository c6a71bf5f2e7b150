import { Failure } from '../base/failure.ts';
import type { OpenStoreOptions, Store } from './store.ts';
import { type CephLocation, describeLocation } from './store-location.ts';

/** Opens records and volumes of a pool. Throws `cephUnsupported`: no driver is joined here yet. */
export async function openCephStore(
  ceph: CephLocation,
  _options: Omit<OpenStoreOptions, 'location'>,
): Promise<Store> {
  const place = describeLocation({ ceph });
  throw new Failure('cephUnsupported', `stores on Ceph cannot be opened yet: ${place}`, {
    pool: ceph.pool,
  });
}
