// The driver `rados` keeps the members contract on a real Ceph of three OSDs, in a namespace, as a
// user with no more than the rights of a gateway: gateways are client instances, and a fence puts
// them on the blocklist.

import { fileURLToPath } from 'node:url';
import type { ThrowawayCeph } from '../../lab/ceph/throwaway-ceph.ts';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { clientCaps } from '../../src/ceph/client-caps.ts';
import { type MembershipContractWorld, membershipContract } from '../contract/membership.ts';
import { cephOfFile } from '../support/ceph.ts';
import { joinOverRados } from '../support/rados-gateway.ts';
import type { RadosPlace } from '../support/rados-member.ts';
import { RecordsProcess } from '../support/records-process.ts';

const SCRIPT = fileURLToPath(new URL('../support/rados-records-process-main.ts', import.meta.url));

async function openWorld(ceph: ThrowawayCeph, namespace: string): Promise<MembershipContractWorld> {
  const place: RadosPlace = { conf: ceph.conf, pool: 'allpath', namespace, user: 'gateway' };
  const children: RecordsProcess[] = [];
  return {
    join: (name) => joinOverRados(place, name),
    async openPuppet(name) {
      const child = new RecordsProcess('serve', JSON.stringify(place), name, '', SCRIPT);
      children.push(child);
      const incarnation = (await child.line('ready')).split(' ')[1]!;
      const hasEnded = () => child.child.exitCode !== null || child.child.signalCode !== null;
      return {
        self: { name, incarnation },
        stop: () => child.stop(),
        resume: async () => child.resume(),
        isOver: () => hasEnded() || child.lines.some((line) => line.startsWith('over ')),
        end: () => child.end(),
      };
    },
    async dispose() {
      for (const child of children) await child.end();
    },
  };
}

const namespace = 'iscsi';
const ceph = await cephOfFile({ osds: 3 });
await createPool(ceph, 'allpath');
const { mon, osd } = clientCaps({ pool: 'allpath', namespace, dataPools: [] });
await ceph.createUser('gateway', { mon, osd });

membershipContract('rados, 3 OSDs', () => openWorld(ceph, namespace));
