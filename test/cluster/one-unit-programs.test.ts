// Proves on a real Ceph that random programs see the same, byte for byte, through one gateway and
// through four. ALLPATH_SEED repeats one program, and ALLPATH_PROGRAMS sets how many there are.

import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { oneUnitPrograms } from '../one-unit/programs/wire-suite.ts';
import { cephOfFile } from '../support/ceph.ts';
import { CephGateways } from '../support/ceph-gateways.ts';

const ceph = await cephOfFile({ backend: 'memstore' });

oneUnitPrograms('Ceph', async (gateways, parts) => {
  // A store of its own for each run.
  const pool = `allpath${gateways}`;
  await createPool(ceph, pool);
  const place = { conf: ceph.conf, pool, namespace: '', user: 'admin' };
  return await CephGateways.start({ place, gateways, parts });
});
