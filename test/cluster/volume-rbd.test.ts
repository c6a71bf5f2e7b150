// The driver `rbd` keeps the contract of volumes on a real Ceph of three OSDs: over two client
// instances, in a namespace with small objects, and with its data in an erasure-coded pool.

import { createErasurePool, createNamespace, createPool } from '../../lab/ceph/throwaway-pools.ts';
import type { VolumeLayout } from '../../src/volume/volume.ts';
import { type Sleep, volumeContract } from '../contract/volume.ts';
import { cephOfFile } from '../support/ceph.ts';
import { type RbdStoreOptions, RbdWorld } from '../support/rbd-world.ts';

const ceph = await cephOfFile({ osds: 3 });
await createPool(ceph, 'rbd');
await createNamespace(ceph, 'rbd', 'tenant');
await createErasurePool(ceph, 'erasure');

function contract(name: string, options: RbdStoreOptions, layout: VolumeLayout = {}): void {
  const openStore = async () => {
    const world = new RbdWorld(ceph.conf);
    return {
      store: world.open(options),
      other: world.open(options),
      sleep: stopOsds,
      dispose: () => world.dispose(options),
    };
  };
  volumeContract(name, openStore, layout);
}

/** What is sent to stopped OSDs sleeps in their sockets. */
async function stopOsds(): Promise<Sleep> {
  const { osds } = ceph;
  await Promise.all(osds.map((osd) => osd.pause()));
  const wake = async (): Promise<void> => {
    for (const osd of osds) osd.resume();
  };
  // Opening an image reads its header.
  return { wake, keepsClosed: true };
}

contract('rbd, two client instances', { pool: 'rbd', instances: 2 });
contract(
  'rbd, in a namespace, with objects of 64 KiB',
  { pool: 'rbd', namespace: 'tenant' },
  { objectSizeBytes: 65_536 },
);
contract('rbd, data in an erasure-coded pool', { pool: 'rbd' }, { dataPool: 'erasure' });
