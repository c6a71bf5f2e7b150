// Joining: who is finished first, names that are taken and names left behind, and lives.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOpen, isOver } from '../../../src/membership/membership.ts';
import { MembershipStore } from '../../../src/membership/membership-store.ts';
import { close, open } from '../../../src/membership/roster-changes.ts';
import { rosterNow, watchRoster } from '../../support/membership-laws.ts';
import { MembershipWorld, type SimGateway } from '../../support/membership-world.ts';

type Two = [SimGateway, SimGateway];
const TAKE_OVER_MAX_MS = 6_000;

test('a joiner finishes the fences that are not, its own name first, before it serves', async () => {
  const world = new MembershipWorld(1, { delayMaxMs: 5 });
  const [a, b] = (await world.serving('a', 'b')) as Two;
  watchRoster(world, () => [a, b, next]);
  const next = await world.gateway('b');
  a.members!.fence(b.self).catch(() => {});
  await world.until(100, () => rosterNow(world).members.some(({ state }) => state === 'closed'));
  a.kill();
  b.kill();
  const serving = next.serve();
  await world.until(100, () => isOver(rosterNow(world), b.self) || next.blocklisted.length > 0);
  assert.deepEqual(next.blocklisted, [b.address]);
  await world.within(TAKE_OVER_MAX_MS, serving);
  assert.ok(rosterNow(world).members.every(({ state }) => state !== 'closed'));
});

test('of several fences its own name comes first, whoever was opened first', async () => {
  const world = new MembershipWorld(10);
  const [x, a, b] = (await world.serving('x', 'a', 'b')) as [SimGateway, ...Two];
  const { clock, random } = world;
  const store = new MembershipStore({ records: a.records, clock, random });
  const always = () => true;
  for (const victim of [x, b]) await store.change(close(a.self, victim.self, always));
  for (const gateway of [x, a, b]) gateway.kill();
  const next = await world.gateway('b');
  await world.within(TAKE_OVER_MAX_MS, next.join());
  assert.deepEqual(next.blocklisted.slice(0, 2), [b.address, x.address]);
});

test('a name that is alive is refused to a second process within two heartbeats', async () => {
  const world = new MembershipWorld(2, { delayMaxMs: 5 });
  const [a] = (await world.serving('a')) as [SimGateway];
  const twin = await world.gateway('a');
  await world.within(1_500, assert.rejects(twin.join(), { code: 'membersNameTaken' }));
  await world.clock.advance(10_000);
  assert.equal(a.closed, undefined);
  assert.equal(rosterNow(world).members.filter(isOpen).length, 1);
});

test('a name that a killed process left is taken when it stood still for eight beats', async () => {
  const world = new MembershipWorld(3);
  const [a] = (await world.serving('a')) as [SimGateway];
  a.kill();
  const heir = await world.gateway('a');
  const serving = heir.serve();
  await world.clock.advance(3_900);
  assert.equal(heir.members, undefined);
  await world.within(1_000, serving);
  assert.deepEqual(world.cluster.blocklisted, [a.address]);
});

test('the last heartbeat of a killed process, landing late, does not keep its name', async () => {
  const world = new MembershipWorld(11);
  const [a] = (await world.serving('a')) as [SimGateway];
  a.kill();
  const heir = await world.gateway('a');
  const serving = heir.serve();
  await world.clock.advance(600);
  const { heartbeat } = rosterNow(world).members[0]!;
  const { clock, random } = world;
  const late = { ...heartbeat, counter: heartbeat.counter + 1 };
  const landing = new MembershipStore({ records: heir.records, clock, random }).beat(a.self, late);
  assert.equal(await world.within(100, landing), true);
  await world.within(TAKE_OVER_MAX_MS, serving);
  assert.deepEqual(world.cluster.blocklisted, [a.address]);
});

test('one that shows itself just when its name is to be taken keeps it', async () => {
  const world = new MembershipWorld(4);
  const [a] = (await world.serving('a')) as [SimGateway];
  a.pause();
  const before = rosterNow(world);
  const dead = before.members[0];
  const self = { name: 'a', incarnation: 'f'.repeat(32) };
  const opening = { self, instances: [], passedEpoch: before.epoch, dead };
  assert.ok(open(opening)(before)?.opened !== undefined);
  a.resume();
  await world.clock.advance(600);
  assert.equal(open(opening)(rosterNow(world)), undefined);
});

test('an epoch that was raised since the joiner passed its barrier is passed first', async () => {
  const world = new MembershipWorld(5);
  await world.serving('a');
  const before = rosterNow(world);
  const self = { name: 'b', incarnation: 'f'.repeat(32) };
  const opening = { self, instances: [], passedEpoch: before.epoch, dead: undefined };
  assert.ok(open(opening)(before)?.opened !== undefined);
  assert.equal(open(opening)({ ...before, epoch: before.epoch + 1 }), undefined);
});

test('the process that gave an incarnation up does not wait for it', async () => {
  const world = new MembershipWorld(6);
  const [a] = (await world.serving('a')) as [SimGateway];
  a.set({ isStoreSilent: true, isMonitorSilent: true, areWitnessesSilent: true });
  await world.until(3_500, () => a.closed === 'cut');
  const next = await world.gateway('a');
  await world.within(500, next.serve(a.self));
  assert.deepEqual(world.cluster.blocklisted, [a.address]);
});

test('a life begins when a gateway serves and no other does, not otherwise', async () => {
  const world = new MembershipWorld(7);
  const [a, b] = (await world.serving('a', 'b')) as Two;
  assert.equal(rosterNow(world).life, 1);
  await world.within(500, a.members!.leave());
  const a2 = await world.within(1_000, (await world.gateway('a')).serve());
  assert.equal(rosterNow(world).life, 1, 'b served all the while');
  await world.within(500, b.members!.leave());
  await world.within(500, a2.members!.leave());
  await world.serving('b');
  assert.equal(rosterNow(world).life, 2);
});

test('after a loss of power for all gateways a life begins, once', async () => {
  const world = new MembershipWorld(8);
  const [a, b] = (await world.serving('a', 'b')) as Two;
  await world.clock.advance(5_000);
  a.kill();
  b.kill();
  const again = [await world.gateway('a'), await world.gateway('b')];
  const serving = again.map((gateway) => gateway.serve());
  await world.within(TAKE_OVER_MAX_MS, Promise.all(serving));
  assert.equal(rosterNow(world).life, 2);
});

test('one that leaves is over at once; one that leaves in disorder is fenced', async () => {
  const world = new MembershipWorld(9);
  const [a, b, c] = (await world.serving('a', 'b', 'c')) as [...Two, SimGateway];
  await world.within(500, b.members!.leave());
  assert.ok(isOver(rosterNow(world), b.self));
  assert.equal(world.cluster.blocklisted.length, 0);
  await world.within(500, c.members!.leave(false));
  assert.ok(!isOver(rosterNow(world), c.self));
  await world.until(2_000, () => isOver(rosterNow(world), c.self));
  assert.deepEqual(world.cluster.blocklisted, [c.address]);
  await world.clock.advance(100);
  assert.deepEqual(
    a.gone.map(({ how }) => how),
    ['left', 'fenced'],
  );
  assert.deepEqual([b.closed, c.closed], [undefined, undefined]);
});
