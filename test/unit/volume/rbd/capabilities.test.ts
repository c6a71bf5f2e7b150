// What a client may do in the pools of an image is tried without changing anything, by objects that
// lie on many OSDs, and in bounded time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENOENT, EPERM } from '../../../../src/ceph/errno.ts';
import type { WriteStep } from '../../../../src/ceph/object-steps.ts';
import type { RadosClient } from '../../../../src/ceph/rados-client.ts';
import {
  Capabilities,
  type PoolNeed,
  REFUSAL_MS,
  TRY_MAX_MS,
} from '../../../../src/volume/rbd/capabilities.ts';
import { settle, VirtualClock } from '../../../support/virtual-clock.ts';

const needs: readonly PoolNeed[] = [
  { pool: 'disks', namespace: 'n', access: 'write' },
  { pool: 2, namespace: 'n', access: 'read' },
];
const silence = new Promise<never>(() => undefined);

/** `answer`: what the OSD says that holds the object. */
function world(answer: (pool: string | number, object: string) => number | Promise<number>) {
  const clock = new VirtualClock();
  const tried: string[] = [];
  const writes = new Set<string>();
  let [connects, open] = [0, 0];
  const client = {
    openPool: async (pool: string | number) => {
      open += 1;
      const ask = async (object: string) => {
        tried.push(`${pool}`);
        return { errno: await answer(pool, object) };
      };
      const operate = (object: string, steps: readonly WriteStep[]) => {
        writes.add(steps.map(({ step }) => step).join());
        return ask(object);
      };
      return { read: ask, operate, close: () => (open -= 1) };
    },
    close: async () => undefined,
  } as unknown as RadosClient;
  const connect = async () => {
    connects += 1;
    return client;
  };
  const capabilities = new Capabilities({ connect, clock });
  return { clock, client, capabilities, tried, writes, connects: () => connects, open: () => open };
}

test('a client that may do all is asked once for each pool, and nothing is changed', async () => {
  const { client, capabilities, tried, writes, open } = world(() => ENOENT);
  assert.equal(await capabilities.refusal(client, needs), undefined);
  const count = tried.length;
  assert.deepEqual(new Set(tried), new Set(['disks', '2']));
  // Where no such object is, the first step ends the operation.
  assert.deepEqual([...writes], ['assertExists,exec,setxattr']);
  assert.equal(await capabilities.refusal(client, needs), undefined);
  assert.equal(tried.length, count);
  assert.equal(open(), 0);
});

test('one OSD that refuses is enough', async () => {
  const refuses = (pool: string | number, object: string) =>
    pool === 2 && object.endsWith('.31') ? EPERM : ENOENT;
  const { client, capabilities } = world(refuses);
  assert.equal((await capabilities.refusal(client, needs))?.pool, 2);
});

test('OSDs that do not answer keep no disk from being opened, beside one that refuses', async () => {
  const silent = world(() => silence);
  const opened = silent.capabilities.refusal(silent.client, needs);
  await silent.clock.advance(TRY_MAX_MS);
  await silent.clock.advance(TRY_MAX_MS);
  assert.equal(await opened, undefined);
  const refused = world((_, object) => (object.endsWith('.31') ? EPERM : silence));
  assert.equal((await refused.capabilities.refusal(refused.client, needs))?.pool, 'disks');
});

test('a new client is connected to ask again only after a while, for however many ask', async () => {
  let isAllowed = false;
  const { clock, capabilities, connects } = world(() => (isAllowed ? ENOENT : EPERM));
  const asked = Array.from({ length: 10 }, () => capabilities.refusalNow(needs));
  for (const refused of await Promise.all(asked)) assert.equal(refused?.pool, 'disks');
  assert.equal(connects(), 1);
  isAllowed = true;
  await clock.advance(REFUSAL_MS);
  assert.equal(await capabilities.refusalNow(needs), undefined);
  assert.equal(connects(), 2);
  await settle();
});
