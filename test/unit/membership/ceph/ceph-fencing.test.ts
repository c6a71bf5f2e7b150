// Proves what fencing asks of a cluster: entries that last for a year, a barrier on every client
// instance and none that fails unheard, holds that leave the records alone, and witnesses that are
// watched only by who asks for them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RadosClient } from '../../../../src/ceph/rados-client.ts';
import { CephFencing } from '../../../../src/membership/ceph/ceph-fencing.ts';
import type { RadosRecords } from '../../../../src/records/rados/rados-records.ts';
import type { InstancePool } from '../../../../src/volume/rbd/instance-pool.ts';

function world(errno = 0, blocklist = '[][]') {
  const calls: string[] = [];
  const say = (text: string) => void calls.push(text);
  const client = {
    blocklist: async (address: string, seconds: number) => {
      say(`blocklist ${address} ${seconds}`);
      return errno;
    },
    waitForLatestOsdmap: async () => {
      say('records map');
      return errno;
    },
    addresses: '127.0.0.1:0/7',
    monCommand: async ({ prefix }: { readonly prefix: string }) => {
      say(prefix);
      return { errno, output: blocklist, status: '' };
    },
  } as unknown as RadosClient;
  const instances = {
    passBarrier: async () => say('volumes map'),
    hold: () => say('hold'),
    release: () => say('release'),
  } as unknown as InstancePool;
  const records = {
    watchCluster: () => say('watch'),
    witnessAgesMs: () => [1, 2, 3],
  } as unknown as RadosRecords;
  return { calls, fencing: new CephFencing({ client, records, instances }) };
}

test('an entry of the blocklist lasts for a year', async () => {
  const { calls, fencing } = world();
  await fencing.blocklist('127.0.0.1:0/7');
  assert.deepEqual(calls, ['blocklist 127.0.0.1:0/7 31536000']);
});

test('a barrier is passed on the instance of the records and on those of the volumes', async () => {
  const { calls, fencing } = world();
  await fencing.passBarrier();
  assert.deepEqual(calls.toSorted(), ['records map', 'volumes map']);
});

test('what the cluster does not do is told, never taken for done', async () => {
  const { fencing } = world(-110);
  await assert.rejects(fencing.blocklist('a'), { code: 'cephFailed' });
  await assert.rejects(fencing.passBarrier(), { code: 'cephFailed' });
  await assert.rejects(fencing.confirmMonitor(), { code: 'cephFailed' });
  await assert.rejects(fencing.isBlocklisted(), { code: 'cephFailed' });
});

test('a gateway finds the client of its records on the blocklist, not one that looks like it', async () => {
  for (const [addresses, isOn] of [
    [[], false],
    [['127.0.0.1:0/77', '127.0.0.1:0/6'], false],
    [['127.0.0.1:0/77', '127.0.0.1:0/7'], true],
  ] as const) {
    const entries = addresses.map((addr) => ({ addr, until: '2026-11-23T02:31:21.689954+0000' }));
    const { fencing } = world(0, `${JSON.stringify(entries)}[]`);
    assert.equal(await fencing.isBlocklisted(), isOn);
  }
});

test('submissions to volumes are held and released', () => {
  const { calls, fencing } = world();
  fencing.hold();
  fencing.release();
  assert.deepEqual(calls, ['hold', 'release']);
});

test('witnesses are watched once they are asked, and once only', () => {
  const { calls, fencing } = world();
  assert.deepEqual(
    [fencing.witnessAgesMs(), fencing.witnessAgesMs()],
    [
      [1, 2, 3],
      [1, 2, 3],
    ],
  );
  assert.deepEqual(calls, ['watch']);
});
