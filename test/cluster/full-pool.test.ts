// Proves on a real Ceph: a disk whose pool passes its quota is one line in the log of its gateway
// and a word in `status`, and commands go on.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import type { ClusterStatus } from '../../src/control/status/cluster-status.ts';
import { testUnitReady, write16 } from '../initiator/cdb.ts';
import { Initiator } from '../initiator/initiator.ts';
import { cephOfFile } from '../support/ceph.ts';
import { CephGateways } from '../support/ceph-gateways.ts';

const targetName = 'iqn.2026-11.com.example:t';
const limitMs = 180_000;
const chunkBlocks = 128;
const objectBlocks = 8192;
const noSpace = '072707';
const softThreshold = '063807';
const ceph = await cephOfFile({
  backend: 'memstore',
  mgr: true,
  lines: { mgr: ['mgr stats period = 1'] },
});
const place = { conf: ceph.conf, pool: 'allpath', namespace: '', user: 'admin' };
const parts = {
  settings: { drainSeconds: 0 },
  disks: [{ name: 'a', size: '4G' }],
  targets: [{ iqn: targetName, luns: { 0: 'a' }, access: 'any' }],
};

before(() => createPool(ceph, place.pool));

test('a pool that is full is told of once, however many writes find no room', {
  timeout: limitMs,
}, async () => {
  await using cluster = await CephGateways.start({ place, gateways: 1, parts });
  const gateway = cluster.gateways[0]!;
  const initiator = await Initiator.connect({ ...cluster.addresses[0]!, targetName });
  await initiator.execute({ lun: 0, cdb: testUnitReady() });
  const setQuota = (val: string) =>
    ceph.ask({ prefix: 'osd pool set-quota', pool: place.pool, field: 'max_bytes', val });
  const write = async (lba: number): Promise<string> => {
    const dataOut = Buffer.alloc(chunkBlocks * 512, 1);
    const { status, sense } = await initiator.execute({
      ...{ lun: 0, cdb: write16(lba, chunkBlocks), dataOut },
    });
    if (status === 0) return '';
    return `0${sense[2]! & 0xf}${sense.subarray(12, 14).toString('hex')}`;
  };
  /** Writes to new objects until that is answered; not faster than the cluster counts them. */
  let object = 0;
  const writeUntil = async (wanted: string): Promise<void> => {
    for (;;) {
      const answer = await write((object++ % 1000) * objectBlocks);
      if (answer === wanted) return;
      await delay(50);
      assert.ok(['', noSpace, softThreshold].includes(answer), `${answer} ${gateway.errors}`);
    }
  };
  const events = (event: string) =>
    gateway.errors.split('\n').filter((line) => line.includes(event)).length;

  await setQuota('1000000');
  await writeUntil(noSpace);
  for (let i = 0; i < 20; i++) assert.equal(await write(object++ * objectBlocks), noSpace);
  assert.equal(events('space_exhausted'), 1, gateway.errors);
  const { code, stdout } = await cluster.allpath('status', '--json');
  const { gateways, problems } = JSON.parse(stdout) as ClusterStatus;
  assert.deepEqual(gateways[0]?.fullDisks, ['a']);
  const kinds = problems.map(({ kind }) => kind);
  assert.deepEqual([code, kinds], [1, ['diskFull', 'storeNearlyFull']], stdout);
  for (const words of [['get'], ['disk', 'list']]) {
    assert.equal((await cluster.allpath(...words)).code, 0);
  }

  await initiator.logout();
});
