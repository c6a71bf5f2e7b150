// A reset is asked of one gateway after the other until one of them serves the unit.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  encodeMessage,
  type GatewayStatus,
  STATUS_CHANNEL,
} from '../../../../src/control/channels.ts';
import {
  encodeAnswer,
  type GatewayRequest,
  REQUESTS_CHANNEL,
  type ResetAnswer,
  type ResetRequest,
} from '../../../../src/control/gateway-requests.ts';
import { resetUnits } from '../../../../src/control/units/reset-units.ts';
import { MemoryRecordsWorld } from '../../../doubles/memory-records-world.ts';
import { documentDraft } from '../../../support/cluster-document.ts';
import { DiskCluster } from '../../../support/disk-cluster.ts';
import { membershipView } from '../../../support/membership-view.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const TARGET = 'iqn.2026-11.com.example:t';

/** Gateways that answer a reset so, by name; one session is logged in at each. */
async function world(answers: Readonly<Record<string, ResetAnswer>>, sessionsEach = 0) {
  const clock = new VirtualClock();
  const cluster = await DiskCluster.open();
  const disks = ['a', 'b'].map((name) => ({ name, size: '1M' }));
  const targets = [{ iqn: TARGET, luns: { 0: 'a' }, access: 'any' }];
  await cluster.change(() => documentDraft({ disks, targets }));
  const { uuid } = await cluster.disk('a');
  const asked: ResetRequest[] = [];
  const members = new MemoryRecordsWorld({ clock, random: new SeededRandom(1) });
  for (const [gateway, answer] of Object.entries(answers)) {
    const records = await members.open(gateway);
    const watch = (channel: string, onNotify: (message: Uint8Array) => Uint8Array) =>
      records.watch(channel, { onNotify, onLost: () => {} });
    const draining = gateway === 'draining';
    await watch(STATUS_CHANNEL, () => encodeMessage({ name: gateway, draining } as GatewayStatus));
    await watch(REQUESTS_CHANNEL, (message) => {
      const request = JSON.parse(new TextDecoder().decode(message)) as GatewayRequest;
      if (request.kind !== 'reset') {
        const session = { target: TARGET } as never;
        const sessions = Array.from({ length: sessionsEach }, () => session);
        return encodeAnswer({ gateway, since: '', sessions });
      }
      if (request.gateway !== gateway) return encodeAnswer({ outcome: 'other' });
      asked.push(request);
      return encodeAnswer(answer);
    });
  }
  const records = await members.open('command');
  const document = await cluster.records.get('document');
  await records.compareAndSet('document', 0, document!.value);
  const membership = { read: async () => membershipView() } as never;
  const reset = (kind: 'lu' | 'target', name: string, force = true) =>
    resetUnits({ records, membership }, { kind, name, force });
  return { uuid, asked, reset };
}

test('one gateway is asked; if it does not serve the unit, the next', async () => {
  const { uuid, asked, reset } = await world({
    draining: { outcome: 'reset', units: 1 },
    g1: { outcome: 'notServed' },
    g2: { outcome: 'reset', units: 1 },
    g3: { outcome: 'reset', units: 1 },
  });
  assert.deepEqual(await reset('lu', 'a'), { by: 'g2', units: 1 });
  assert.deepEqual(
    asked.map(({ gateway, what }) => [gateway, what]),
    ['g1', 'g2'].map((gateway) => [gateway, { uuid }]),
  );
  await reset('target', TARGET.toUpperCase());
  assert.deepEqual(asked.at(-1)?.what, { target: TARGET });
});

test('a reset that fails is not tried elsewhere, and is told with its reason', async () => {
  const { asked, reset } = await world({
    g1: { outcome: 'failed', reason: 'why' },
    g2: { outcome: 'reset', units: 1 },
  });
  await assert.rejects(reset('lu', 'a'), { code: 'resetFailed', message: /^a: why; it may/ });
  assert.equal(asked.length, 1);
});

test('where nobody serves it, nobody resets it', async () => {
  await assert.rejects((await world({})).reset('lu', 'a'), { code: 'resetNoGateway' });
  const { reset } = await world({ g1: { outcome: 'notServed' } });
  await assert.rejects(reset('lu', 'a'), { code: 'resetNoGateway' });
});

test('what the document does not have is not found', async () => {
  const { reset } = await world({ g1: { outcome: 'reset' } });
  await assert.rejects(reset('lu', 'x'), { code: 'diskNotFound' });
  await assert.rejects(reset('target', 'a'), { code: 'targetNotFound' });
});

test('it is refused while initiators are logged in, unless forced', async () => {
  const { asked, reset } = await world({ g1: { outcome: 'reset', units: 1 } }, 2);
  const refusal = { code: 'resetRefused', data: { name: 'a', targets: [TARGET], sessions: 2 } };
  await assert.rejects(reset('lu', 'a', false), refusal);
  await assert.rejects(reset('target', TARGET, false), { code: 'resetRefused' });
  assert.equal(asked.length, 0);
  await reset('lu', 'b', false);
  assert.equal(asked.length, 1, 'nobody reaches that one');
});
