// A fence is asked of the gateways; what comes back is who did it, or why nobody could.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessage, FENCE_CHANNEL, type FenceAnswer } from '../../../src/control/channels.ts';
import { fenceGateway } from '../../../src/control/fence-gateway.ts';
import { MemoryRecordsWorld } from '../../doubles/memory-records-world.ts';
import { documentDraft } from '../../support/cluster-document.ts';
import { DiskCluster } from '../../support/disk-cluster.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** Gateways that answer so, by name. */
async function asked(answers: Readonly<Record<string, FenceAnswer>>) {
  const cluster = await DiskCluster.open();
  const world = new MemoryRecordsWorld({ clock: new VirtualClock(), random: new SeededRandom(1) });
  for (const [name, answer] of Object.entries(answers)) {
    const gateway = await world.open(name);
    const onNotify = () => encodeMessage(answer);
    await gateway.watch(FENCE_CHANNEL, { onNotify, onLost: () => {} });
  }
  const records = await world.open('command');
  const portals = [{ address: '192.0.2.1' }];
  const gateways = ['alpha', 'beta'].map((name) => ({ name, portals }));
  await cluster.change(() => documentDraft({ gateways: gateways.slice(0, 1) }));
  return fenceGateway({ records }, 'beta');
}

test('the gateway that fenced it is named', async () => {
  const answers = { alpha: { outcome: 'fenced' }, beta: { outcome: 'self' } } as const;
  assert.deepEqual(await asked(answers), { by: 'alpha' });
});

test('it cannot fence itself, and alone it is fenced by nobody', async () => {
  const code = 'fenceNoGateway';
  await assert.rejects(asked({}), { code });
  await assert.rejects(asked({ beta: { outcome: 'self' } }), { code });
});

test('a gateway that no other knows is unknown', async () => {
  await assert.rejects(asked({ alpha: { outcome: 'unknown' } }), {
    code: 'fenceUnknown',
    message: /^no gateway beta serves/,
  });
});

test('a fence that fails is told with its reasons', async () => {
  await assert.rejects(asked({ alpha: { outcome: 'failed', reason: 'no monitor answers' } }), {
    code: 'fenceFailed',
    message: 'beta is not fenced: no monitor answers',
  });
});
