// A gateway answers tools on the channels of its store: each kind of request by its own answer, and
// what a later release asks by nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeMessage,
  FENCE_CHANNEL,
  type GatewayStatus,
  STATUS_CHANNEL,
} from '../../../src/control/channels.ts';
import { REQUESTS_CHANNEL } from '../../../src/control/gateway-requests.ts';
import { ToolRequests } from '../../../src/gateway/tool-requests.ts';
import { silentLog } from '../../../src/log/log.ts';
import type { Membership } from '../../../src/membership/membership.ts';
import { MemoryRecordsWorld } from '../../doubles/memory-records-world.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const self = { name: 'g', incarnation: 'g1', state: 'serving' };
const membershipOf = { self, read: async () => ({ members: [self] }) } as unknown as Membership;

async function world(membership: Membership | undefined) {
  const clock = new VirtualClock();
  const store = new MemoryRecordsWorld({ clock, random: new SeededRandom(1) });
  const [records, tool] = [await store.open('g'), await store.open('tool-1')];
  const requests = new ToolRequests({
    ...{ records, membership, clock, log: silentLog },
    status: () => ({ name: 'g', pid: 7 }) as GatewayStatus,
    answers: {
      sessions: ({ beyond }) => ({ gateway: 'g', since: `${beyond?.['g']}`, sessions: [] }),
      reset: ({ gateway }) => ({ outcome: 'other', reason: gateway }),
      copy: ({ listId }) => ({ report: { listId } }),
      holders: async ({ uuid }) => ({ holds: uuid === 'u' }),
    },
  });
  await requests.open();
  const ask = async (channel: string, message: object | null) => {
    const { answers } = await tool.notify(channel, Buffer.from(JSON.stringify(message)), 1000);
    return answers.map(({ payload }) => decodeMessage<object>(payload) ?? 'nothing');
  };
  return { requests, ask };
}

test('each kind of request has its answer', async () => {
  const { ask } = await world(membershipOf);
  assert.deepEqual(await ask(STATUS_CHANNEL, {}), [{ name: 'g', pid: 7 }]);
  assert.deepEqual(await ask(FENCE_CHANNEL, { name: 'g' }), [{ outcome: 'self' }]);
  const asked = (request: object | null) => ask(REQUESTS_CHANNEL, request);
  assert.deepEqual(await asked({ kind: 'sessions', beyond: { g: 3 } }), [
    { gateway: 'g', since: '3', sessions: [] },
  ]);
  assert.deepEqual(await asked({ kind: 'reset', gateway: 'h', what: { uuid: 'u' } }), [
    { outcome: 'other', reason: 'h' },
  ]);
  assert.deepEqual(await asked({ kind: 'holders', uuid: 'u' }), [{ holds: true }]);
  assert.deepEqual(await asked({ kind: 'copy', listId: 3 }), [{ report: { listId: 3 } }]);
});

test('a gateway does not answer a request that it does not understand', async () => {
  const { ask } = await world(membershipOf);
  for (const request of [{ kind: 'later' }, {}, null]) {
    assert.deepEqual(await ask(REQUESTS_CHANNEL, request), ['nothing']);
  }
});

test('without members nobody is asked to fence, and after the end nobody answers', async () => {
  const { requests, ask } = await world(undefined);
  assert.deepEqual(await ask(FENCE_CHANNEL, { name: 'g' }), []);
  await requests.close();
  assert.deepEqual(await ask(STATUS_CHANNEL, {}), []);
});
