// One fdatasync at a time serves all who asked before it began; a failure stays.

import assert from 'node:assert/strict';
import type { fdatasync } from 'node:fs';
import { test } from 'node:test';
import { SyncQueue } from '../../../../src/volume/local/sync-queue.ts';

type Callback = (error: NodeJS.ErrnoException | null) => void;

function queue(): { readonly calls: Callback[]; readonly sync: SyncQueue } {
  const calls: Callback[] = [];
  const call = (_: number, callback: Callback) => calls.push(callback);
  return { calls, sync: new SyncQueue(3, call as unknown as typeof fdatasync) };
}

test('those who ask while one runs share the next', async () => {
  const { calls, sync } = queue();
  const first = sync.sync();
  const later = [sync.sync(), sync.sync(), sync.sync()];
  assert.equal(calls.length, 1);
  calls[0]?.(null);
  assert.equal((await first).status, 'done');
  assert.equal(calls.length, 2);
  calls[1]?.(null);
  for (const result of await Promise.all(later)) assert.equal(result.status, 'done');
  assert.equal(calls.length, 2);
});

test('after a failure nothing is called durable any more', async () => {
  const { calls, sync } = queue();
  const first = sync.sync();
  const second = sync.sync();
  calls[0]?.(Object.assign(new Error('EIO'), { errno: -5 }));
  assert.deepEqual(await first, { status: 'writeError', errno: 5 });
  assert.equal((await second).status, 'writeError');
  assert.equal((await sync.sync()).status, 'writeError');
  assert.equal(calls.length, 1);
});
