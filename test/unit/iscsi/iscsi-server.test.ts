// Proves what a server does with its connections as a whole: which are sessions, how many may be
// logging in, what a login is offered for those that are there, and how all of them end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstBurstLength } from '../../../src/iscsi/first-burst.ts';
import { FIRST_BURST_BYTES_MAX } from '../../../src/iscsi/limits.ts';
import { IscsiWorld } from '../../support/iscsi-world.ts';
import { settle } from '../../support/virtual-clock.ts';

const QUEUE_DEPTH = 256;
const ASYNCHRONOUS_MESSAGE = 0x32;

/** Another initiator port than those of other numbers. */
const port = (i: number) => ({ bytes: { 8: 0x40, 13: i } });

test('sessions are those that have logged in, discovery sessions too, until they end', async () => {
  const world = new IscsiWorld();
  world.connect();
  assert.equal(world.server.sessions.length, 0, 'it has not logged in');
  const stream = await world.logIn();
  await world.discover(port(2));
  assert.deepEqual(
    world.server.sessions.map(({ nexus }) => nexus !== undefined),
    [true, false],
  );
  stream.destroy();
  await settle();
  assert.equal(world.server.sessions.length, 1);
  assert.deepEqual([world.nexus.closes, world.server.budget.sessions], [1, 1]);
});

test('the place of a session is free when it has ended', async () => {
  const world = new IscsiWorld({ sessionsMax: 1 });
  const stream = await world.logIn([], port(1));
  await assert.rejects(world.logIn([], port(2)), /770/);
  stream.destroy();
  await settle();
  await world.logIn([], port(2));
});

test('each session has a TSIH of its own', async () => {
  const world = new IscsiWorld();
  for (let i = 0; i < 4; i++) await world.logIn([], port(i));
  const tsihs = world.server.sessions.map(({ identity }) => identity.tsih);
  assert.equal(new Set(tsihs).size, 4);
  assert.ok(!tsihs.includes(0));
});

test('one connection too many that has not logged in ends the oldest, never a session', async () => {
  const world = new IscsiWorld({ pendingLoginsMax: 2 });
  const session = await world.logIn();
  const streams = [world.connect(), world.connect(), world.connect(), world.connect()];
  assert.deepEqual(
    [session, ...streams].map(({ destroyed }) => destroyed),
    [false, true, true, false, false],
  );
  await settle();
  const again = world.connect();
  assert.equal(again.destroyed, false);
  assert.equal(streams[2]!.destroyed, true, 'those that ended count no longer');
});

test('a login that ends, and one that becomes a session, makes room for another', async () => {
  const world = new IscsiWorld({ pendingLoginsMax: 1 });
  await world.logIn([], port(1));
  const ended = world.connect();
  ended.destroy();
  await settle();
  const stays = world.connect();
  assert.equal(stays.destroyed, false);
});

test('the first burst that a login is offered falls with the sessions, not with those that discover', async () => {
  const world = new IscsiWorld({ queueDepth: QUEUE_DEPTH });
  const offered = async (i: number) => {
    await world.logIn([`FirstBurstLength=${FIRST_BURST_BYTES_MAX}`], port(i));
    return world.server.sessions.at(-1)!.parameters.firstBurstLength;
  };
  for (let i = 0; i < 20; i++) await world.discover({ bytes: { 8: 0x40, 12: 1, 13: i } });
  assert.equal(await offered(0), firstBurstLength(0, QUEUE_DEPTH));
  for (let i = 1; i < 12; i++) {
    assert.equal(await offered(i), firstBurstLength(i, QUEUE_DEPTH), `${i} sessions`);
  }
  assert.ok(firstBurstLength(11, QUEUE_DEPTH) < firstBurstLength(0, QUEUE_DEPTH));
});

test('every session is asked to log out', async () => {
  const world = new IscsiWorld();
  const streams = [await world.logIn([], port(1)), await world.logIn([], port(2))];
  world.server.requestLogouts();
  await settle();
  assert.deepEqual(
    streams.map((stream) => stream.take().map(([opcode]) => opcode)),
    [[ASYNCHRONOUS_MESSAGE], [ASYNCHRONOUS_MESSAGE]],
  );
});

test('sessions that would not be let in now end, and that is over when nothing of them is under way', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn();
  const { nexus } = world;
  const closing = Promise.withResolvers<void>();
  nexus.onClose = () => closing.promise;
  await world.server.endRefused();
  assert.equal(stream.destroyed, false, 'it is let in still');
  world.access.admitted = false;
  let isOver = false;
  void world.server.endRefused().then(() => {
    isOver = true;
  });
  await settle();
  assert.deepEqual([stream.destroyed, nexus.closes, isOver], [true, 1, false]);
  closing.resolve();
  await settle();
  assert.ok(isOver);
});

test('its close ends every connection, and waits for what their sessions have under way', async () => {
  const world = new IscsiWorld();
  const pending = world.connect();
  const stream = await world.logIn();
  const closing = Promise.withResolvers<void>();
  world.nexus.onClose = () => closing.promise;
  let isClosed = false;
  void world.server.close('for a test').then(() => {
    isClosed = true;
  });
  await settle();
  assert.deepEqual([pending.destroyed, stream.destroyed, isClosed], [true, true, false]);
  closing.resolve();
  await settle();
  assert.deepEqual([isClosed, world.server.sessions.length, world.clock.pending], [true, 0, 0]);
  const reasons = world.log.lines.map(({ fields }) => fields?.['reason']);
  assert.ok(reasons.includes('for a test'));
  assert.deepEqual([world.pool.held, world.loginPool.held], [0, 0]);
});
