// The driver `rados` keeps the records contract on a real Ceph of three OSDs, in a namespace, as a
// user with no more than the rights of a gateway. Gateways in other files keep their records in the
// default namespace, and on one OSD.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ThrowawayCeph } from '../../lab/ceph/throwaway-ceph.ts';
import { createErasurePool, createPool } from '../../lab/ceph/throwaway-pools.ts';
import type { Records } from '../../src/records/records.ts';
import { recordsContract } from '../contract/records.ts';
import { fails, type RecordsWorld } from '../contract/records-world.ts';
import { cephOfFile } from '../support/ceph.ts';
import { openRadosMember, type RadosMember, type RadosPlace } from '../support/rados-member.ts';
import { RecordsProcess } from '../support/records-process.ts';

const SCRIPT = fileURLToPath(new URL('../support/rados-records-process-main.ts', import.meta.url));

async function openWorld(ceph: ThrowawayCeph, namespace: string): Promise<RecordsWorld> {
  const place: RadosPlace = { conf: ceph.conf, pool: 'records', namespace, user: 'gateway' };
  const opened: Promise<RadosMember>[] = [];
  const members = new Map<Records, RadosMember>();
  return {
    async open(name) {
      const opening = openRadosMember(place, name);
      opened.push(opening);
      const member = await opening;
      members.set(member.records, member);
      return member.records;
    },
    async openPuppet(name, channel) {
      const child = new RecordsProcess('watch', JSON.stringify(place), name, channel, SCRIPT);
      const [, incarnation] = (await child.line('ready')).split(' ');
      return {
        member: { name, incarnation: incarnation! },
        stop: () => child.stop(),
        resume: async () => child.resume(),
        end: () => child.end(),
      };
    },
    async loseWatches(records) {
      const { client } = members.get(records)!;
      // A blocklist cuts the watches at once; without it the client works again.
      const addr = client.addresses;
      await ceph.ask({ prefix: 'osd blocklist', blocklistop: 'add', addr });
      await client.waitForLatestOsdmap();
      await ceph.ask({ prefix: 'osd blocklist', blocklistop: 'rm', addr });
      await client.waitForLatestOsdmap();
    },
    async dispose() {
      // One that fails to open fails its test; the others must not keep the process.
      const all = await Promise.allSettled(opened);
      await Promise.all(
        all.map((one) => (one.status === 'fulfilled' ? one.value.end() : undefined)),
      );
    },
  };
}

const namespace = 'iscsi';
const ceph = await cephOfFile({ osds: 3 });
await createPool(ceph, 'records');
await ceph.createUser('gateway', { mon: 'profile rbd', osd: 'profile rbd pool=records' });
// Before the suite: while a cluster makes pools it may keep a member waiting for seconds.
await createErasurePool(ceph, 'erasure');
await createPool(ceph, 'foreign');

recordsContract('rados, 3 OSDs', () => openWorld(ceph, namespace));

test('an erasure-coded pool, and one that the user may not write, are no place', async () => {
  const place = { conf: ceph.conf, namespace: '' };
  const onErasure = openRadosMember({ ...place, pool: 'erasure', user: 'admin' }, 'a');
  await assert.rejects(onErasure, fails('recordsUnsuitable'));
  const foreign = openRadosMember({ ...place, pool: 'foreign', user: 'gateway' }, 'a');
  await assert.rejects(foreign, fails('recordsUnsuitable'));
});
