import { DocumentCluster, type Place } from '../support/document-cluster.ts';
import type { SuiteGateways } from './suite.ts';

/** Gateways for the suite, as processes on an embedded store. */
export async function embeddedGateways(
  count: number,
  parts: object,
  place?: Place,
): Promise<SuiteGateways> {
  const cluster = await DocumentCluster.start(count, parts, place);
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
