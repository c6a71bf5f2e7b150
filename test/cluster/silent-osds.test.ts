// Proves on a real Ceph that one hung OSD of three, which every placement group has, ends no
// session and fences nobody, though all OSDs are silent until it is marked down: NOPs are
// answered, each gateway keeps its incarnation, and what waited is done. Tools reach the gateways
// again afterwards, although the watches by which they do were lost.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { WITNESS_SILENCE_MAX_MS } from '../../src/membership/limits.ts';
import { read16, testUnitReady, write16 } from '../initiator/cdb.ts';
import { Initiator } from '../initiator/initiator.ts';
import { cephOfFile } from '../support/ceph.ts';
import { CephGateways } from '../support/ceph-gateways.ts';

const target = 'iqn.2026-11.com.example:t';
const BLOCK_LENGTH = 512;
const STEP_MS = 250;
const OPEN_AGAIN_MAX_MS = 60_000;
const HUNG = 1;

/** Ceph marks the OSD down after half of its usual time, well before a gateway drops a session. */
const HEARTBEAT_GRACE_S = 10;

const ceph = await cephOfFile({
  osds: 3,
  lines: { global: [`osd heartbeat grace = ${HEARTBEAT_GRACE_S}`] },
});
const place = { conf: ceph.conf, pool: 'allpath', namespace: '', user: 'admin' };
const empty = { settings: { drainSeconds: 1 }, disks: [], targets: [] };
let cluster: CephGateways;

before(async () => {
  await createPool(ceph, place.pool, { size: 3, placementGroups: 32 });
  cluster = await CephGateways.prepare({ place, gateways: 2, parts: empty });
  await cluster.mustApply({
    ...empty,
    disks: [{ name: 'd', size: 64 * 2 ** 20 }],
    targets: [{ iqn: target, luns: { 0: 'd' }, access: 'any' }],
  });
  await cluster.startAll();
});
after(() => cluster.stop());

async function connect(gateway: number): Promise<Initiator> {
  const initiatorName = `iqn.2026-11.test:${gateway}`;
  const address = cluster.addresses[gateway]!;
  const initiator = await Initiator.connect({ ...address, targetName: target, initiatorName });
  while ((await initiator.execute({ lun: 0, cdb: testUnitReady() })).status !== 0);
  return initiator;
}

async function serving(): Promise<string[]> {
  const { members } = await cluster.view();
  return members.filter(({ state }) => state === 'serving').map(({ incarnation }) => incarnation);
}

/** Whether tools reach both gateways, by `status` and by `fence`. */
async function isReached(): Promise<boolean> {
  const asked = await cluster.askToFence('nobody');
  const { gateways } = JSON.parse((await cluster.allpath('status')).stdout) as {
    readonly gateways: readonly unknown[];
  };
  return asked.length === 2 && gateways.length === 2;
}

test('sessions outlast a silence of all OSDs', async (t) => {
  const initiators = [await connect(0), await connect(1)];
  const members = await serving();
  const write = (value: number) => ({
    lun: 0,
    cdb: write16(0, 1),
    dataOut: Buffer.alloc(BLOCK_LENGTH, value),
    timeoutMs: OPEN_AGAIN_MAX_MS,
  });
  await ceph.osds[HUNG]!.pause();
  const begunMs = performance.now();
  const since = () => Math.round(performance.now() - begunMs);
  /** How long the longest write took, and the worst NOP. */
  let [waitedMs, nopWorstMs, value] = [0, 0, 0];
  try {
    // Until it is marked down and the other OSDs have gone on: a write that is begun then is quick.
    const isDown = async () => {
      const dump = (await ceph.askJson({ prefix: 'osd dump', format: 'json' })) as {
        readonly osds: readonly { readonly osd: number; readonly up: number }[];
      };
      return dump.osds.find(({ osd }) => osd === HUNG)?.up === 0;
    };
    let isOver = false;
    const ping = async (initiator: Initiator) => {
      while (!isOver) {
        const nopMs = performance.now();
        await initiator.nop();
        nopWorstMs = Math.max(nopWorstMs, performance.now() - nopMs);
        await delay(STEP_MS);
      }
    };
    const load = async () => {
      for (let hasGoneOn = false; !hasGoneOn; ) {
        hasGoneOn = await isDown();
        const writeMs = performance.now();
        value = (value + 1) % 256;
        assert.equal((await initiators[0]!.execute(write(value))).status, 0);
        waitedMs = Math.max(waitedMs, performance.now() - writeMs);
        await delay(STEP_MS);
        assert.ok(since() < OPEN_AGAIN_MAX_MS, 'the OSD is marked down');
      }
      isOver = true;
    };
    await Promise.all([load(), ...initiators.map(ping)]);
  } finally {
    ceph.osds[HUNG]!.resume();
  }
  const [waited, nopWorst] = [waitedMs, nopWorstMs].map(Math.round) as [number, number];
  t.diagnostic(`a write waited ${waited} ms, a NOP ${nopWorst} ms`);
  assert.ok(waited > WITNESS_SILENCE_MAX_MS, 'there was a silence');
  assert.ok(nopWorst < waited, 'a NOP waited for no OSD');
  assert.deepEqual(await serving(), members, 'nobody was fenced or cut off');
  for (const initiator of initiators) {
    assert.equal(initiator.isOpen, true);
    const read = { lun: 0, cdb: read16(0, 1), dataInLength: BLOCK_LENGTH };
    assert.equal((await initiator.execute(read)).dataIn[0], value);
    await initiator.logout();
  }
  const deadline = performance.now() + OPEN_AGAIN_MAX_MS;
  while (!(await isReached())) {
    assert.ok(performance.now() < deadline, 'both gateways answer to tools');
    await delay(STEP_MS);
  }
});
