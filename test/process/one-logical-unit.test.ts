// Proves on the embedded store that two, and four, gateways are one logical unit.

import { oneLogicalUnit, type SuiteGateways } from '../one-unit/suite.ts';
import { DocumentCluster } from '../support/document-cluster.ts';

for (const count of [2, 4]) {
  oneLogicalUnit(`${count} gateways`, async (parts) => gatewaysOf(count, parts));
}

async function gatewaysOf(count: number, parts: object): Promise<SuiteGateways> {
  const cluster = await DocumentCluster.start(count, parts);
  const { gateways } = cluster;
  return {
    addresses: gateways.map((_, gateway) => cluster.address(gateway)),
    apply: (changed) => cluster.mustApply(changed),
    kill: async (gateway) => {
      gateways[gateway]!.child.kill('SIGKILL');
      await gateways[gateway]!.ended();
    },
    start: async (gateway) => {
      const again = cluster.startGateway(`g${gateway}`);
      gateways[gateway] = again;
      await again.ready();
    },
    [Symbol.asyncDispose]: () => cluster.stop(),
  };
}
