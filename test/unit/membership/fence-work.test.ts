// The fence: of two that fence each other one stays, any step may be the fencer's last, without
// monitors nothing is closed, and all members pass the barrier, hold, or are fenced themselves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSED_REST_MS, HEARTBEAT_INTERVAL_MS } from '../../../src/membership/limits.ts';
import { isOpen, isOver, stateOf } from '../../../src/membership/membership.ts';
import { MembershipStore } from '../../../src/membership/membership-store.ts';
import { open } from '../../../src/membership/roster-changes.ts';
import { rosterNow, watchRoster } from '../../support/membership-laws.ts';
import { MembershipWorld, type SimGateway } from '../../support/membership-world.ts';

type Three = [SimGateway, SimGateway, SimGateway];
/** A fence of one that may not know it yet. */
const FENCE_MAX_MS = CLOSED_REST_MS + 500;

function isGone(world: MembershipWorld, { self }: SimGateway): boolean {
  return isOver(rosterNow(world), self);
}

test('of two gateways told to fence each other one stays', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const world = new MembershipWorld(seed, { delayMaxMs: seed % 5 });
    const [a, b, c] = (await world.serving('a', 'b', 'c')) as Three;
    watchRoster(world, () => [a, b, c]);
    const fences = [a.members!.fence(b.self), b.members!.fence(a.self)];
    const [byA, byB] = await world.within(FENCE_MAX_MS, Promise.allSettled(fences));
    const winner = byA!.status === 'fulfilled' ? a : b;
    const loser = winner === a ? b : a;
    assert.equal([byA!, byB!].filter(({ status }) => status === 'fulfilled').length, 1);
    assert.ok(isGone(world, loser) && !isGone(world, winner));
    await world.clock.advance(1_000);
    assert.deepEqual([winner.closed, loser.closed], [undefined, 'closed']);
  }
});

test('whichever step is the last of the fencer, another member finishes the fence', async () => {
  let finishedByOther = 0;
  for (let afterMs = 0; afterMs <= 40; afterMs += 2) {
    const world = new MembershipWorld(100 + afterMs, { delayMaxMs: 6 });
    const [a, b, c] = (await world.serving('a', 'b', 'c')) as Three;
    watchRoster(world, () => [a, b, c]);
    a.members!.fence(b.self).catch(() => {});
    await world.clock.advance(afterMs);
    a.kill();
    // What it had sent lands all the same.
    await world.clock.advance(10);
    const wasClosed = !isOpen(stateOf(rosterNow(world), b.self)!);
    if (wasClosed && !isGone(world, b)) {
      finishedByOther += 1;
      // The dead fencer is itself an open member that does not pass: it is fenced for that.
      await world.until(8_000, () => isGone(world, b));
      await world.until(1_000, () => b.closed === 'closed');
    }
    await world.until(8_000, () => isGone(world, a));
    assert.ok(c.closed === undefined);
    assert.equal(b.closed, wasClosed ? 'closed' : undefined);
  }
  assert.ok(finishedByOther > 3, `${finishedByOther} were left unfinished`);
});

test('a gateway that cannot reach the monitors closes nobody', async () => {
  const world = new MembershipWorld(1);
  const [a, b] = (await world.serving('a', 'b')) as [SimGateway, SimGateway];
  a.set({ isMonitorSilent: true });
  const fence = assert.rejects(a.members!.fence(b.self), { code: 'membersUnconfirmed' });
  await world.within(5_100, fence);
  assert.equal(stateOf(rosterNow(world), b.self)?.state, 'serving');
  a.set({ isMonitorSilent: false });
  await world.within(FENCE_MAX_MS, a.members!.fence(b.self));
  assert.ok(isGone(world, b));
});

test('one that may not know that it is closed has rested before its fence is finished', async () => {
  const world = new MembershipWorld(11);
  const [a, b, c] = (await world.serving('a', 'b', 'c')) as Three;
  watchRoster(world, () => [a, b, c]);
  b.set({ isStoreSilent: true, areWitnessesSilent: true, isMonitorSilent: true });
  const fence = a.members!.fence(b.self);
  await world.until(CLOSED_REST_MS, () => b.closed !== undefined);
  assert.ok(!isGone(world, b), 'finished while it took commands');
  await world.within(FENCE_MAX_MS, fence);
  assert.equal(b.closed, 'cut');
});

test('one that is suspected, or has given itself up, is not waited for', async () => {
  const world = new MembershipWorld(12);
  const [a, b, c] = (await world.serving('a', 'b', 'c')) as Three;
  const isClosed = ({ self }: SimGateway) => !isOpen(stateOf(rosterNow(world), self)!);
  b.kill();
  await world.until(5_000, () => isClosed(b));
  await world.until(300, () => isGone(world, b));
  const asked = a.members!.fence(c.self);
  await world.until(HEARTBEAT_INTERVAL_MS, () => c.closed === 'closed');
  assert.ok(!isGone(world, c));
  const heir = await world.gateway('c');
  await world.within(500, heir.serve(c.self));
  assert.ok(isGone(world, c));
  await world.within(500, asked);
});

test('a member that cannot pass a barrier holds, and the fence is finished all the same', async () => {
  const world = new MembershipWorld(2);
  const [a, b, c] = (await world.serving('a', 'b', 'c')) as Three;
  watchRoster(world, () => [a, b, c]);
  c.set({ isBarrierStuck: true });
  b.kill();
  await world.until(5_000, () => !isOpen(stateOf(rosterNow(world), b.self)!));
  await world.clock.advance(400);
  assert.ok(!isGone(world, b), 'finished before all had passed');
  await world.within(400, a.members!.fence(b.self));
  assert.equal(c.fencing.isHolding, true);
  assert.equal(stateOf(rosterNow(world), c.self)?.heartbeat.isHolding, true);
  c.set({ isBarrierStuck: false });
  await world.clock.advance(100);
  assert.equal(c.fencing.isHolding, false);
  await world.clock.advance(10_000);
  assert.equal(c.closed, undefined);
});

test('a hold of more than five seconds is a cut', async () => {
  const world = new MembershipWorld(3);
  const [a, b, c] = (await world.serving('a', 'b', 'c')) as Three;
  c.set({ isBarrierStuck: true });
  void a.members!.fence(b.self);
  await world.until(1_000, () => c.fencing.isHolding);
  await world.clock.advance(4_900);
  assert.equal(c.closed, undefined);
  await world.clock.advance(200);
  assert.equal(c.closed, 'cut');
  assert.equal(c.fencing.isHolding, true, 'what was held stays held');
  assert.equal(c.members!.mayAct(), false);
});

test('a member that neither passes nor holds is fenced after two seconds, not before', async () => {
  const world = new MembershipWorld(4);
  const [a, b] = (await world.serving('a', 'b')) as [SimGateway, SimGateway];
  const deaf = await openDeaf(world);
  await world.clock.advance(1_000);
  const fence = a.members!.fence(b.self);
  await world.clock.advance(1_900);
  assert.ok(isOpen(stateOf(rosterNow(world), deaf)!));
  assert.ok(!isGone(world, b), 'its fence waits for all who are open');
  await world.until(1_000, () => !isOpen(stateOf(rosterNow(world), deaf)!));
  await world.clock.advance(CLOSED_REST_MS - 2 * HEARTBEAT_INTERVAL_MS);
  assert.ok(!isGone(world, b), 'closed, it may yet read what the fenced one is to change');
  await world.within(1_000, fence);
  await world.until(500, () => isOver(rosterNow(world), deaf));
  assert.equal(a.closed, undefined);
});

/** A member that shows itself but takes no notice of any epoch. */
async function openDeaf(world: MembershipWorld) {
  const { clock, random } = world;
  const records = await world.store.open('deaf');
  const { self } = records;
  const store = new MembershipStore({ records, clock, random });
  const { epoch } = await store.read();
  await store.change(open({ self, instances: [], passedEpoch: epoch, dead: undefined }));
  const beat = (counter: number): void => {
    clock.after(500, () => {
      void store.beat(self, { counter, epoch, isHolding: false, acknowledged: new Map() });
      beat(counter + 1);
    });
  };
  beat(1);
  return self;
}

test('a store that was silent for all has nobody fenced for an epoch nobody could read', async () => {
  const world = new MembershipWorld(5);
  const all = (await world.serving('a', 'b', 'c')) as Three;
  const [a, b, c] = all;
  a.fencing.openInstance('a:volume');
  await world.within(1_000, a.members!.register({ address: 'a:volume', kind: 'volume' }));
  for (const gateway of all) gateway.set({ isBarrierStuck: true });
  void a.members!.fenceInstance('a:volume');
  await world.clock.advance(20);
  for (const gateway of all) gateway.set({ isStoreSilent: true });
  await world.clock.advance(4_000);
  for (const gateway of all) gateway.set({ isStoreSilent: false, isBarrierStuck: false });
  await world.clock.advance(6_000);
  assert.deepEqual([a.closed, b.closed, c.closed], [undefined, undefined, undefined]);
});

test('an instance is fenced when all have passed its epoch, and its member stays', async () => {
  const world = new MembershipWorld(6, { delayMaxMs: 3 });
  const [a, b] = (await world.serving('a', 'b')) as [SimGateway, SimGateway];
  a.fencing.openInstance('a:volume');
  await world.within(1_000, a.members!.register({ address: 'a:volume', kind: 'volume' }));
  b.set({ isBarrierStuck: true });
  const fence = a.members!.fenceInstance('a:volume');
  await world.clock.advance(300);
  assert.deepEqual(world.cluster.blocklisted, ['a:volume']);
  assert.equal(stateOf(rosterNow(world), a.self)?.instances.length, 2, 'not yet');
  b.set({ isBarrierStuck: false });
  await world.within(300, fence);
  for (const mapEpoch of b.fencing.instances.values()) {
    assert.equal(world.cluster.takes('a:volume', mapEpoch), false);
  }
  assert.equal(stateOf(rosterNow(world), a.self)?.instances.length, 1);
  await world.clock.advance(5_000);
  assert.deepEqual([a.closed, b.closed], [undefined, undefined]);
});

test('an instance is not fenced while one that is closed may read with an old map', async () => {
  const world = new MembershipWorld(13);
  const [a, b, c] = (await world.serving('a', 'b', 'c')) as Three;
  a.fencing.openInstance('a:volume');
  await world.within(1_000, a.members!.register({ address: 'a:volume', kind: 'volume' }));
  // The monitors would tell it that it is closed.
  c.set({ isStoreSilent: true, isMonitorSilent: true });
  b.members!.fence(c.self).catch(() => {});
  await world.until(100, () => !isOpen(stateOf(rosterNow(world), c.self)!));
  const fence = a.members!.fenceInstance('a:volume');
  await world.clock.advance(CLOSED_REST_MS - 2 * HEARTBEAT_INTERVAL_MS);
  assert.equal(stateOf(rosterNow(world), a.self)?.instances.length, 2, 'not yet');
  assert.equal(c.members!.mayAct(), true);
  await world.within(1_500, fence);
  assert.equal(stateOf(rosterNow(world), a.self)?.instances.length, 1);
});

test('a paused observer suspects nobody', async () => {
  const world = new MembershipWorld(7);
  const [a, b] = (await world.serving('a', 'b')) as [SimGateway, SimGateway];
  // b stands still for longer than a suspicion takes, but a sees less than that at a stretch.
  b.pause();
  for (let round = 0; round < 4; round++) {
    await world.clock.advance(3_000);
    a.pause();
    await world.clock.advance(1_000);
    a.resume();
  }
  assert.equal(world.cluster.blocklisted.length, 0);
  b.resume();
  await world.clock.advance(10_000);
  assert.deepEqual([a.closed, b.closed], [undefined, 'stalled'], 'b knows by itself');
});

test('a fence that fails at each heartbeat is told of once a minute, with a count', async () => {
  const world = new MembershipWorld(7);
  const [a, b] = (await world.serving('a', 'b')) as [SimGateway, SimGateway];
  a.confirmMonitor = () => Promise.reject(new Error('the store is full'));
  b.kill();
  await world.clock.advance(100_000);
  const lines = a.log.lines.filter(({ event }) => event === 'fence_not_finished');
  const counts = lines.map(({ fields }) => fields.count);
  assert.deepEqual([counts.length, counts[0], counts[2]], [3, undefined, undefined]);
  assert.ok(counts[1]! > 50);
  assert.deepEqual(lines[1]!.fields.member, 'b');
});
