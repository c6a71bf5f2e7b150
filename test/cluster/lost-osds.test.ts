// Proves on a real Ceph that a gateway which loses the OSDs, but not the monitors, is fenced by the
// others, learns that from a monitor, and then drops its sessions; and that it serves again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FENCE_TARGET, FenceWorld } from '../fault/fence-world.ts';
import { Initiator } from '../initiator/initiator.ts';
import { NetworkNamespace } from '../support/network-namespace.ts';

const missing = await NetworkNamespace.missing();
const skip = missing === undefined ? false : `no network namespaces here: ${missing}`;

test('a gateway cut off from the OSDs alone ends by its fence', { skip }, async (t) => {
  await using world = await FenceWorld.start({ inNamespaces: true });
  const { cluster, ceph } = world;
  const gateway = cluster.gateways[1]!;
  const member = await cluster.serving(1);
  const initiator = await Initiator.connect({
    ...cluster.addresses[1]!,
    targetName: FENCE_TARGET,
    initiatorName: 'iqn.2026-11.test:lost-osds',
  });
  const { first, last } = ceph.ports;
  const { served } = gateway;
  const begunMs = performance.now();
  await gateway.namespace!.cut({ first: first + 1, last });
  await cluster.until(member, 'it is closed', (now) => now?.state !== 'serving');
  t.diagnostic(`closed after ${Math.round(performance.now() - begunMs)} ms`);
  await initiator.closed;
  t.diagnostic(`its session ended after ${Math.round(performance.now() - begunMs)} ms`);
  await cluster.fenced(member);
  assert.match(gateway.errors, /"event":"membership_left"[^\n]*"reason":"closed"/);
  await gateway.namespace!.heal();
  await gateway.servesAgain(served);
});
