// How full a pool is: by its quota or by what the OSDs have left, whichever ends first.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolSpace } from '../../../../src/volume/rbd/pool-space.ts';

function client(stats: Record<string, number>, errno = 0) {
  const output = JSON.stringify({ pools: [{ name: 'other' }, { name: 'rbd', stats }] });
  return { monCommand: async () => ({ errno, output, status: '' }) };
}

test('without a quota what the OSDs have left counts', async () => {
  const space = { usedBytes: 10, availableBytes: 90 };
  assert.deepEqual(await poolSpace(client({ stored: 10, max_avail: 90 }), 'rbd'), space);
  const none = client({ stored: 10, max_avail: 90, quota_bytes: 0 });
  assert.deepEqual(await poolSpace(none, 'rbd'), space);
});

test('of a quota and the OSDs the nearer end counts', async () => {
  for (const [quota, availableBytes] of [
    [50, 40],
    [500, 90],
    [5, 0],
  ] as const) {
    const found = await poolSpace(client({ stored: 10, max_avail: 90, quota_bytes: quota }), 'rbd');
    assert.deepEqual(found, { usedBytes: 10, availableBytes });
  }
});

test('a pool without figures is not told of, a refusal is told', async () => {
  assert.equal(await poolSpace(client({ stored: 0, max_avail: 0 }), 'absent'), undefined);
  await assert.rejects(poolSpace(client({}, -13), 'rbd'), { code: 'cephFailed' });
});
