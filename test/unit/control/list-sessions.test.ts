// The sessions of all gateways, however many answers they take; whoever counts and says nothing is
// named.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  encodeAnswer,
  REQUESTS_CHANNEL,
  type SessionsRequest,
} from '../../../src/control/gateway-requests.ts';
import { listSessions } from '../../../src/control/list-sessions.ts';
import { sessionsAnswer } from '../../../src/gateway/session-requests.ts';
import type { TransportSession } from '../../../src/gateway/transport.ts';
import { MemoryRecordsWorld } from '../../doubles/memory-records-world.ts';
import { memberState, membershipView } from '../../support/membership-view.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const SINCE = '2026-11-30T00:00:00.000Z';
const STARTED_MS = 1_000;

function session(number: number, target = 'iqn.2026-11.com.example:t'): TransportSession {
  return {
    ...{ number, initiator: 'iqn.1994-05.com.example:host', isid: '000000000001', target },
    ...{ portal: '192.0.2.1:3260', targetPort: 1, beganMs: STARTED_MS + number },
    commandsInFlight: 0,
  };
}

async function listed(
  gateways: Readonly<Record<string, readonly TransportSession[]>>,
  ...members: readonly string[]
) {
  const world = new MemoryRecordsWorld({ clock: new VirtualClock(), random: new SeededRandom(1) });
  for (const [gateway, sessions] of Object.entries(gateways)) {
    const onNotify = (message: Uint8Array) => {
      const request = JSON.parse(new TextDecoder().decode(message)) as SessionsRequest;
      const listing = { gateway, sessions, since: SINCE, startedMs: STARTED_MS };
      return encodeAnswer(sessionsAnswer(listing, request));
    };
    const records = await world.open(gateway);
    await records.watch(REQUESTS_CHANNEL, { onNotify, onLost: () => {} });
  }
  const view = membershipView({ members: members.map((name) => memberState(name)) });
  const membership = { read: async () => view } as never;
  return await listSessions({ records: await world.open('command'), membership });
}

test('every session is listed once, by gateway and number', async () => {
  const many = Array.from({ length: 200 }, (_, i) => session(200 - i));
  const { sessions, silent } = await listed({ b: [session(9)], a: many }, 'a', 'b');
  assert.deepEqual(silent, []);
  assert.deepEqual(
    sessions.map(({ gateway, afterMs }) => [gateway, afterMs]),
    [...Array.from({ length: 200 }, (_, i) => ['a', i + 1]), ['b', 9]],
  );
  assert.equal(sessions[0]?.gatewaySince, SINCE);
});

test('a session that only discovers targets is none', async () => {
  const { sessions } = await listed({ a: [session(1, ''), session(2)] });
  assert.deepEqual(
    sessions.map(({ afterMs }) => afterMs),
    [2],
  );
});

test('a gateway that counts and does not answer is named', async () => {
  assert.deepEqual((await listed({ a: [] }, 'a', 'b')).silent, ['b']);
});
