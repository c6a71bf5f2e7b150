// Proves on a real Ceph, under load: a gateway that is stopped is fenced with nobody asking, serves
// again by itself when it is continued, and its initiators log in again; of two that are told to
// fence each other at once exactly one stays; a fence leaves no more entries on the blocklist than
// the fenced one had client instances, and loses nothing acknowledged.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { isOver } from '../../src/membership/membership.ts';
import { cephOfFile } from '../support/ceph.ts';
import { CephGateways } from '../support/ceph-gateways.ts';
import { StampedLoad } from '../support/stamped-load.ts';
import { HANG_MS, waitFor } from '../support/wait-for.ts';

/** A writer leaves alone, for a round, what it had to write twice. */
const UNITS = 2_048;
const MUTUAL_FENCES = 3;
const target = 'iqn.2026-11.com.example:t';
const ceph = await cephOfFile({ backend: 'memstore' });
const place = { conf: ceph.conf, pool: 'allpath', namespace: '', user: 'admin' };
const parts = {
  settings: { drainSeconds: 1 },
  disks: [{ name: 'd', size: '64M' }],
  targets: [{ iqn: target, luns: { 0: 'd' }, access: 'any' }],
};

before(() => createPool(ceph, place.pool));

async function blocklisted(): Promise<readonly string[]> {
  const { blocklist } = (await ceph.askJson({ prefix: 'osd dump' })) as {
    readonly blocklist: Readonly<Record<string, string>>;
  };
  return Object.keys(blocklist);
}

async function underLoad(
  body: (cluster: CephGateways, load: StampedLoad) => Promise<void>,
): Promise<void> {
  await using cluster = await CephGateways.start({ place, gateways: 2, parts });
  const load = await StampedLoad.connect({
    paths: cluster.addresses,
    targetName: target,
    writers: 4,
    units: UNITS,
  });
  try {
    await body(cluster, load);
    await load.pause();
    await load.rebalance();
    for (const path of [0, 1]) assert.deepEqual(await load.faults(path), []);
  } finally {
    await load.close();
  }
}

test('a gateway that is merely stopped is fenced, and serves again by itself', (t) =>
  underLoad(async (cluster, load) => {
    const gateway = cluster.gateways[0]!;
    const member = await cluster.serving(0);
    const before = await blocklisted();
    load.start();
    await load.progress(20);
    gateway.signal('SIGSTOP');
    const isFenced = async () => isOver(await cluster.view(), member);
    await waitFor('it is fenced while it is stopped', isFenced, HANG_MS);
    const entries = (await blocklisted()).filter((entry) => !before.includes(entry));
    const addresses = member.instances.map(({ address }) => address);
    assert.deepEqual(entries.sort(), addresses.sort());
    const { served } = gateway;
    gateway.signal('SIGCONT');
    const againMs = await gateway.servesAgain(served, HANG_MS);
    const isBack = () => load.writers.every(({ initiator }) => initiator.isConnected(0));
    while (!isBack()) await delay(10);
    t.diagnostic(`serves again after ${Math.round(againMs)} ms, instances ${addresses.length}`);
    await load.progress(20);
  }));

test('of two that are told at once to fence each other exactly one stays', (t) =>
  underLoad(async (cluster, load) => {
    for (let round = 0; round < MUTUAL_FENCES; round++) {
      const members = [await cluster.serving(0), await cluster.serving(1)];
      const served = cluster.gateways.map((gateway) => gateway.served);
      const before = await blocklisted();
      load.start();
      await load.progress(20);
      const answers = await Promise.all(members.map(({ name }) => cluster.askToFence(name)));
      const fences = answers.flat().filter(({ outcome }) => outcome === 'fenced');
      assert.equal(fences.length, 1, JSON.stringify(answers));
      const view = await cluster.view();
      const fenced = members.findIndex((member) => isOver(view, member));
      assert.deepEqual(
        members.map((member) => isOver(view, member)),
        members.map((_, i) => i === fenced),
      );
      const entries = (await blocklisted()).filter((entry) => !before.includes(entry));
      assert.equal(entries.length, members[fenced]!.instances.length);
      const gateway = cluster.gateways[fenced]!;
      const againMs = await gateway.servesAgain(served[fenced]!, HANG_MS);
      t.diagnostic(`${gateway.name} fenced, serves again after ${Math.round(againMs)} ms`);
      await load.progress(20);
      await load.pause();
      await load.rebalance();
    }
  }));
