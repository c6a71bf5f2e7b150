// Proves on a real Ceph that two gateways are one logical unit.

import { before } from 'node:test';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { oneLogicalUnit, type SuiteGateways } from '../one-unit/suite.ts';
import { cephOfFile } from '../support/ceph.ts';
import { CephGateways } from '../support/ceph-gateways.ts';

const ceph = await cephOfFile({ backend: 'memstore' });
const place = { conf: ceph.conf, pool: 'allpath', namespace: '', user: 'admin' };

before(() => createPool(ceph, place.pool));

oneLogicalUnit('two gateways on Ceph', async (parts): Promise<SuiteGateways> => {
  const cluster = await CephGateways.start({ place, gateways: 2, parts });
  const { addresses, gateways } = cluster;
  return {
    addresses,
    apply: (changed) => cluster.mustApply(changed),
    kill: (gateway) => gateways[gateway]!.kill(),
    start: (gateway) => gateways[gateway]!.start(),
    [Symbol.asyncDispose]: () => cluster.stop(),
  };
});
