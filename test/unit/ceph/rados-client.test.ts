// A pool that is not there is refused with the one that was most likely meant, as far as the
// monitors show their pools to this user.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CephCalls } from '../../../src/ceph/ceph-calls.ts';
import { errnoOf } from '../../../src/ceph/ceph-failure.ts';
import type { CephNative } from '../../../src/ceph/ceph-native.ts';
import { EACCES, ENOENT } from '../../../src/ceph/errno.ts';
import { RadosClient } from '../../../src/ceph/rados-client.ts';
import { FakeCephNative } from '../../support/fake-ceph-native.ts';

/** A cluster without any pool that is opened; its monitors list these, or refuse to. */
class PoolsNative extends FakeCephNative {
  readonly #pools: readonly string[] | undefined;
  readonly commands: string[] = [];

  constructor(pools: readonly string[] | undefined) {
    super();
    this.#pools = pools;
  }

  connect(slot: number): void {
    this.onMessage(slot, 0, 1);
  }

  addresses(): string {
    return '192.0.2.1:0/1';
  }

  instanceId(): bigint {
    return 1n;
  }

  openPool(slot: number): void {
    this.onMessage(slot, ENOENT, undefined);
  }

  openPoolById(slot: number): void {
    this.onMessage(slot, ENOENT, undefined);
  }

  monCommand(slot: number, _client: number, command: string): void {
    this.commands.push(command);
    if (this.#pools === undefined) this.onMessage(slot, EACCES, undefined);
    else this.onMessage(slot, 0, { output: JSON.stringify(this.#pools), status: '' });
  }
}

async function refusal(pools: readonly string[] | undefined, pool: string | number) {
  const native = new PoolsNative(pools);
  const calls = new CephCalls(native as unknown as CephNative);
  const client = await RadosClient.connect({ conf: 'ceph.conf', user: 'allpath' }, calls);
  try {
    await client.openPool(pool);
  } catch (error) {
    assert.equal(errnoOf(error), ENOENT);
    return { message: (error as Error).message, commands: native.commands };
  }
  return assert.fail('it was opened');
}

test('a mistyped pool comes with the one that was meant', async () => {
  const { message } = await refusal(['rbd', 'images'], 'imgaes');
  assert.match(message, /the pool imgaes: .* of that name; did you mean images\?$/);
});

test('one that is like no other, or whose others are not shown, is only refused', async () => {
  assert.match((await refusal(['rbd'], 'images')).message, /of that name$/);
  assert.match((await refusal(undefined, 'images')).message, /of that name$/);
});

test('a pool by its number is nothing that was mistyped: no monitor is asked', async () => {
  assert.deepEqual((await refusal(['rbd'], 7)).commands, []);
});
