// The driver `rbd` keeps the contract of volumes on a real Ceph: with one OSD and with three, in a
// namespace, with small objects, and with its data in an erasure-coded pool.

import {
  createErasurePool,
  createNamespace,
  createPool,
} from '../../src/ceph/throwaway/throwaway-pools.ts';
import type { VolumeLayout } from '../../src/volume/volume.ts';
import { volumeContract } from '../contract/volume.ts';
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
  conf: string,
  options: RbdStoreOptions,
  layout: VolumeLayout = {},
): void {
  const openStore = async () => {
    const world = new RbdWorld(conf);
    return {
      store: world.open(options),
      other: world.open(options),
      dispose: () => world.dispose(options),
    };
  };
  volumeContract(name, openStore, layout);
}

contract('rbd, 1 OSD', one.conf, { pool: 'rbd' });
contract(
  'rbd, in a namespace, with objects of 64 KiB',
  one.conf,
  { pool: 'rbd', namespace: 'tenant' },
  { objectSizeBytes: 65_536 },
);
contract('rbd, 3 OSDs', three.conf, { pool: 'rbd', instances: 2 });
contract(
  'rbd, data in an erasure-coded pool',
  three.conf,
  { pool: 'rbd' },
  { dataPool: 'erasure' },
);
