import { clientCaps } from '../../src/ceph/client-caps.ts';
import type { StoreLocation } from '../../src/gateway/store-location.ts';
import { makeTemporaryStore, removeTemporaryStore } from './temporary-store.ts';

/** The pool of the throwaway cluster, and the user of the gateways. */
const POOL = 'allpath';
const USER = 'allpath';
/** Space in addition to the disk: metadata of the OSD, and data that is freed later. */
const SPARE_BYTES = 8 * 2 ** 30;

/** The location of the store of a demo. */
export interface DemoPlace {
  readonly location: StoreLocation;
  /** The store is removed when the demo ends. */
  readonly isTemporary: boolean;
  remove(): Promise<void>;
}

interface DemoPlaceOptions {
  /** Undefined: a temporary one. */
  readonly asked: StoreLocation | undefined;
  /** A temporary store on a throwaway Ceph cluster. */
  readonly throwawayCeph: boolean;
  readonly osds: number;
  readonly sizeBytes: number;
  readonly onProgress: (text: string) => void;
}

/** The requested store, or one that is removed at the end. */
export async function demoPlace(options: DemoPlaceOptions): Promise<DemoPlace> {
  const { asked, throwawayCeph } = options;
  if (throwawayCeph) return await onThrowawayCeph(options);
  if (asked !== undefined) {
    return { location: asked, isTemporary: false, remove: async () => {} };
  }
  const dir = await makeTemporaryStore();
  return { location: { dir }, isTemporary: true, remove: () => removeTemporaryStore(dir) };
}

async function onThrowawayCeph(options: DemoPlaceOptions): Promise<DemoPlace> {
  const { osds, sizeBytes, onProgress } = options;
  // Imported only by demos that need it.
  const { ThrowawayCeph } = await import('../ceph/throwaway-ceph.ts');
  const { createPool } = await import('../ceph/throwaway-pools.ts');
  const osdSizeBytes = sizeBytes + SPARE_BYTES;
  const ceph = await ThrowawayCeph.start({ osds, osdSizeBytes, onProgress });
  try {
    onProgress(`making the pool ${POOL}`);
    await createPool(ceph, POOL);
    await ceph.createUser(USER, clientCaps({ pool: POOL, namespace: '', dataPools: [] }));
  } catch (error) {
    await ceph.stop();
    throw error;
  }
  const location = { ceph: { conf: ceph.conf, pool: POOL, user: USER, namespace: '' } };
  return { location, isTemporary: true, remove: () => ceph.stop() };
}
