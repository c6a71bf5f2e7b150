// Proves that two gateways serve a disk from a pool of a cluster, under the privileges that
// `allpath ceph caps` prints and within a namespace: what is written through one is read through
// the other, by another demo on the same pool too, and commands see the same store.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createNamespace, createPool } from '../../lab/ceph/throwaway-pools.ts';
import { clientCaps } from '../../src/ceph/client-caps.ts';
import { storeWords } from '../../src/cli/store-options.ts';
import { cephOfFile } from '../support/ceph.ts';
import { Demo } from '../support/demo.ts';
import { mustRun } from '../support/run.ts';

const program = fileURLToPath(new URL('../../bin/allpath', import.meta.url));
const ceph = await cephOfFile({ backend: 'memstore' });
const place = { conf: ceph.conf, pool: 'p', user: 'gateway', namespace: 'n' };

before(async () => {
  await createPool(ceph, place.pool);
  await createNamespace(ceph, place.pool, place.namespace);
  await ceph.createUser(place.user, clientCaps({ ...place, dataPools: [] }));
});

async function qemuIo(url: string, command: string): Promise<string> {
  return await mustRun('/usr/bin/qemu-io', ['-f', 'raw', '-c', command, url]);
}

async function answer(...words: string[]): Promise<Record<string, unknown>> {
  const out = await mustRun(program, [...words, ...storeWords({ ceph: place }), '--json']);
  return JSON.parse(out) as Record<string, unknown>;
}

test('a disk in a pool is one disk through both gateways, and stays when they end', async () => {
  {
    await using demo = await Demo.start({ ceph: place, size: '64M' });
    await qemuIo(demo.url(0), 'write -P 7 4M 1M');
    assert.doesNotMatch(await qemuIo(demo.url(1), 'read -P 7 4M 1M'), /verification failed/);
    const status = await answer('status');
    const names = (status['gateways'] as { name: string }[]).map(({ name }) => name);
    assert.deepEqual(names, ['gateway0', 'gateway1']);
    assert.equal(await demo.stop(), 0, demo.errors());
  }
  const { disks } = await answer('disk', 'list');
  assert.deepEqual(
    (disks as { name: string; size: number }[]).map(({ name, size }) => [name, size]),
    [['demo', 64 * 2 ** 20]],
  );
  await using again = await Demo.start({ ceph: place, size: '64M', gateways: 1 });
  assert.doesNotMatch(await qemuIo(again.url(0), 'read -P 7 4M 1M'), /verification failed/);
});
