// How full a pool is: by its quota or by what the OSDs have left, whichever ends first.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolSpaces } from '../../../../src/volume/rbd/pool-spaces.ts';

const id = 7;

function client(stats: Record<string, number>, errno = 0) {
  const output = JSON.stringify({
    pools: [
      { id: 1, name: 'a' },
      { id, name: 'b', stats },
    ],
  });
  return { monCommand: async () => ({ errno, output, status: '' }) };
}

test('without a quota what the OSDs have left counts', async () => {
  const space = { place: 'pool b', usedBytes: 10, availableBytes: 90 };
  const without = await poolSpaces(client({ stored: 10, max_avail: 90 }));
  assert.deepEqual(without.get(id), space);
  const none = await poolSpaces(client({ stored: 10, max_avail: 90, quota_bytes: 0 }));
  assert.deepEqual(none.get(id), space);
});

test('of a quota and the OSDs the nearer end counts', async () => {
  for (const [quota, availableBytes] of [
    [50, 40],
    [500, 90],
    [5, 0],
  ] as const) {
    const found = await poolSpaces(client({ stored: 10, max_avail: 90, quota_bytes: quota }));
    assert.deepEqual(found.get(id), { place: 'pool b', usedBytes: 10, availableBytes });
  }
});

test('a pool without figures is not told of, a refusal is told', async () => {
  assert.deepEqual([...(await poolSpaces(client({ stored: 0, max_avail: 0 }))).keys()], [id]);
  await assert.rejects(poolSpaces(client({}, -13)), { code: 'cephFailed' });
});
