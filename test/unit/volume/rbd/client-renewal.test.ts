// A client that is refused what its user may do is replaced, once and not too often; one whose user
// may not do it stays, and is not asked about at each operation.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cephFailure } from '../../../../src/ceph/ceph-failure.ts';
import { ENOENT, EPERM } from '../../../../src/ceph/errno.ts';
import type { RadosClient } from '../../../../src/ceph/rados-client.ts';
import { silentLog } from '../../../../src/log/log.ts';
import { type PoolNeed, REFUSAL_MS } from '../../../../src/volume/rbd/capabilities.ts';
import { ClientInstance } from '../../../../src/volume/rbd/client-instance.ts';
import { ClientRenewal } from '../../../../src/volume/rbd/client-renewal.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const needs: readonly PoolNeed[] = [{ pool: 'disks', namespace: '', access: 'write' }];

/** What OSDs say to the client in use, and to one that connects now; undefined: no such pool. */
function world(says: { old: number; now: number | undefined }) {
  const clock = new VirtualClock();
  const counts = { connects: 0, renewals: 0 };
  const clientOf = (errno: () => number | undefined) =>
    ({
      addresses: 'a',
      openPool: async () => {
        const said = errno();
        if (said === undefined) throw cephFailure('rados_ioctx_create', ENOENT, 'the pool');
        return { operate: async () => ({ errno: said }), close: () => undefined };
      },
      close: async () => undefined,
    }) as unknown as RadosClient;
  const renewal = new ClientRenewal({
    connect: async () => {
      counts.connects += 1;
      return clientOf(() => says.now);
    },
    instances: {
      renew: async () => {
        counts.renewals += 1;
      },
    },
    pool: 'disks',
    clock,
    log: silentLog,
  });
  const instance = new ClientInstance(
    clientOf(() => says.old),
    async () => true,
  );
  return { clock, counts, renewal, instance };
}

test('an image is opened by a client that may use it, by a new one, or not at all', async () => {
  const fine = world({ old: ENOENT, now: EPERM });
  await fine.renewal.require(fine.instance, 'disks/a', needs);
  assert.equal(fine.counts.connects, 0);
  const stale = world({ old: EPERM, now: ENOENT });
  const replaced = { code: 'clientReplaced' };
  await assert.rejects(stale.renewal.require(stale.instance, 'disks/a', needs), replaced);
  assert.deepEqual(stale.counts, { connects: 1, renewals: 1 });
  const refused = world({ old: EPERM, now: EPERM });
  const forbidden = { code: 'volumeForbidden', message: /ceph caps --existing --pool disks"/ };
  await assert.rejects(refused.renewal.require(refused.instance, 'disks/a', needs), forbidden);
  assert.equal(refused.counts.renewals, 0);
});

test('operations that are refused for good ask once in a while, whatever the reason', async () => {
  // The second is how OSDs treat operations in a pool that was deleted.
  for (const now of [EPERM, undefined]) {
    const { clock, counts, renewal, instance } = world({ old: EPERM, now });
    for (let operation = 0; operation < 100; operation++) {
      assert.equal(await renewal.refused(instance, 'disks/a', needs), false);
    }
    assert.deepEqual(counts, { connects: 1, renewals: 0 });
    await clock.advance(REFUSAL_MS);
    await renewal.refused(instance, 'disks/a', needs);
    assert.equal(counts.connects, 2);
  }
});

test('a refusal of one image does not keep another from a new client', async () => {
  const says = { old: EPERM, now: undefined as number | undefined };
  const { counts, renewal, instance } = world(says);
  assert.equal(await renewal.refused(instance, 'disks/lost', needs), false);
  says.now = ENOENT;
  assert.equal(await renewal.refused(instance, 'disks/granted', needs), true);
  assert.equal(counts.renewals, 1);
  // A refusal right after it has another cause.
  assert.equal(await renewal.refused(instance, 'disks/granted', needs), false);
});
