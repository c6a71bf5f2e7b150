// Snapshots and clones of images keep the contract: gateways that serve an image stop their writes
// for the moment of a snapshot.

import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { snapshotContract } from '../contract/volume-snapshots.ts';
import { cephOfFile } from '../support/ceph.ts';
import { RbdWorld } from '../support/rbd-world.ts';

const ceph = await cephOfFile({ osds: 1 });
let pools = 0;

snapshotContract('rbd', async () => {
  const pool = `pool${pools++}`;
  await createPool(ceph, pool);
  const world = new RbdWorld(ceph.conf);
  const store = world.open({ pool, instances: 1 });
  const other = world.open({ pool, instances: 1 });
  return { store, other, dispose: () => world.dispose() };
});
