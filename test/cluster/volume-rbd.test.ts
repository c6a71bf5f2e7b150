// The driver `rbd` keeps the contract of volumes on a real Ceph: with one OSD and with three, in a
// namespace, with small objects, and with its data in an erasure-coded pool.

import type { ThrowawayCeph } from '../../src/ceph/throwaway/throwaway-ceph.ts';
import {
  createErasurePool,
  createNamespace,
  createPool,
} from '../../src/ceph/throwaway/throwaway-pools.ts';
import type { VolumeLayout } from '../../src/volume/volume.ts';
import { type Sleep, volumeContract } from '../contract/volume.ts';
import { cephOfFile } from '../support/ceph.ts';
import { type RbdStoreOptions, RbdWorld } from '../support/rbd-world.ts';

const [one, three] = await Promise.all([
  cephOfFile({ backend: 'memstore' }),
  cephOfFile({ osds: 3 }),
]);
await createPool(one, 'rbd');
await createNamespace(one, 'rbd', 'tenant');
await createPool(three, 'rbd');
await createErasurePool(three, 'erasure');

function contract(
  name: string,
  ceph: ThrowawayCeph,
  options: RbdStoreOptions,
  layout: VolumeLayout = {},
): void {
  const openStore = async () => {
    const world = new RbdWorld(ceph.conf);
    return {
      store: world.open(options),
      other: world.open(options),
      sleep: () => stopOsds(ceph),
      dispose: () => world.dispose(options),
    };
  };
  volumeContract(name, openStore, layout);
}

/** What is sent to stopped OSDs sleeps in their sockets. */
async function stopOsds({ osds }: ThrowawayCeph): Promise<Sleep> {
  await Promise.all(osds.map((osd) => osd.pause()));
  const wake = async (): Promise<void> => {
    for (const osd of osds) osd.resume();
  };
  // Opening an image reads its header.
  return { wake, keepsClosed: true };
}

contract('rbd, 1 OSD', one, { pool: 'rbd' });
contract(
  'rbd, in a namespace, with objects of 64 KiB',
  one,
  { pool: 'rbd', namespace: 'tenant' },
  { objectSizeBytes: 65_536 },
);
contract('rbd, 3 OSDs', three, { pool: 'rbd', instances: 2 });
contract('rbd, data in an erasure-coded pool', three, { pool: 'rbd' }, { dataPool: 'erasure' });
