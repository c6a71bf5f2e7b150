// Proves that no two claims share a port, that a block whose first port is taken is passed over,
// and that what is given back can be claimed again.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { claimPorts, PORTS_PER_CLUSTER } from '../../../../lab/ceph/port-claim.ts';

test('claims are apart, and a claim that was released is free', async () => {
  const one = await claimPorts(7);
  const other = await claimPorts(7);
  assert.notEqual(one.first, other.first);
  assert.equal(one.last - one.first + 1, PORTS_PER_CLUSTER);
  await one.release();
  const taker = createServer();
  taker.listen(one.first, '127.0.0.1');
  await once(taker, 'listening');
  const third = await claimPorts((one.first % 10_000) / PORTS_PER_CLUSTER);
  assert.notEqual(third.first, one.first);
  taker.close();
  await once(taker, 'close');
  const again = await claimPorts((one.first % 10_000) / PORTS_PER_CLUSTER);
  assert.equal(again.first, one.first);
  await Promise.all([other, third, again].map((claim) => claim.release()));
});
