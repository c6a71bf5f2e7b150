// Proves on a real Ceph with three monitors, under load: a monitor that dies, the leading one too,
// gets no gateway fenced or cut off; a gateway that dies together with the leading monitor is
// fenced when the others have elected a new one; nothing acknowledged is lost.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { CephDaemon } from '../../lab/ceph/ceph-daemon.ts';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { cephOfFile } from '../support/ceph.ts';
import { CephGateways } from '../support/ceph-gateways.ts';
import { StampedLoad } from '../support/stamped-load.ts';

const FENCED_MAX_MS = 60_000;
const MONITORS = 3;
/** With Ceph's defaults of 5 s the last fence took 15 s. */
const quickElections = ['mon lease = 1', 'mon election timeout = 1'];
const target = 'iqn.2026-11.com.example:t';
const ceph = await cephOfFile({
  backend: 'memstore',
  mons: MONITORS,
  lines: { mon: quickElections },
});
const place = { conf: ceph.conf, pool: 'allpath', namespace: '', user: 'admin' };
const parts = {
  settings: { drainSeconds: 1 },
  disks: [{ name: 'd', size: '64M' }],
  targets: [{ iqn: target, luns: { 0: 'd' }, access: 'any' }],
};

before(() => createPool(ceph, place.pool));

interface QuorumStatus {
  readonly quorum_names: readonly string[];
  readonly quorum_leader_name: string;
}

/** Resolves when so many monitors agree, with the leading one. */
async function leader(monitors: number): Promise<CephDaemon> {
  for (;;) {
    const { quorum_names: names, quorum_leader_name: name } = (await ceph.askJson({
      prefix: 'quorum_status',
      format: 'json',
    })) as QuorumStatus;
    const found = ceph.mons.find((mon) => mon.name === `mon.${name}`);
    if (names.length === monitors && found?.isRunning === true) return found;
  }
}

test('monitors that die one by one disturb nobody, and one with a gateway delays its fence', async (t) => {
  await using cluster = await CephGateways.start({ place, gateways: 2, parts });
  const paths = cluster.addresses;
  const load = await StampedLoad.connect({ paths, targetName: target, writers: 4, units: 2_048 });
  try {
    const members = [await cluster.serving(0), await cluster.serving(1)];
    const incarnations = members.map(({ incarnation }) => incarnation);
    load.start();
    for (const mon of ceph.mons) {
      await load.progress(20);
      await mon.kill();
      await leader(MONITORS - 1);
      await load.progress(20);
      await mon.start();
      await leader(MONITORS);
    }
    const now = [await cluster.serving(0), await cluster.serving(1)];
    assert.deepEqual(
      now.map(({ incarnation }) => incarnation),
      incarnations,
      'each gateway is who it was',
    );
    const leading = await leader(MONITORS);
    const diedMs = performance.now();
    await Promise.all([leading.kill(), cluster.gateways[0]!.kill()]);
    await load.progress(20);
    await cluster.fenced(members[0]!, FENCED_MAX_MS);
    t.diagnostic(`fenced ${Math.round(performance.now() - diedMs)} ms after both had died`);
    assert.equal((await cluster.serving(1)).incarnation, incarnations[1]);
    await cluster.gateways[0]!.start();
    await load.pause();
    await load.rebalance();
    for (const path of [0, 1]) assert.deepEqual(await load.faults(path), []);
  } finally {
    await load.close();
  }
});
