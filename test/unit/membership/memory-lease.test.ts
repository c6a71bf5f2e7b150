// The lease on what a gateway remembers: it runs from when the heartbeat was sent, a heartbeat that
// took long does not renew it, and where a fence is the end of the process it has no end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEARTBEAT_INTERVAL_MS, MEMORY_LEASE_MS } from '../../../src/membership/limits.ts';
import { MemoryLease } from '../../../src/membership/memory-lease.ts';
import { MembershipWorld } from '../../support/membership-world.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const isOver = (lease: MemoryLease, clock: VirtualClock) => clock.now() >= lease.untilMs;

test('it runs from when the heartbeat was sent, not from its confirmation', async () => {
  const clock = new VirtualClock();
  const lease = new MemoryLease(clock, false);
  const sentMs = clock.now();
  await clock.advance(900);
  lease.renew(sentMs);
  await clock.advance(MEMORY_LEASE_MS - 901);
  assert.equal(isOver(lease, clock), false);
  await clock.advance(1);
  assert.equal(isOver(lease, clock), true);
});

test('who waits is called once, by a heartbeat that says something of now', async () => {
  const clock = new VirtualClock();
  const lease = new MemoryLease(clock, false);
  let calls = 0;
  lease.whenRenewed(() => calls++);
  const sentMs = clock.now();
  await clock.advance(MEMORY_LEASE_MS);
  lease.renew(sentMs);
  assert.equal(calls, 0, 'that heartbeat took too long');
  lease.renew(clock.now());
  lease.renew(clock.now());
  assert.equal(calls, 1);
});

test('a lease without an end is never over', async () => {
  const clock = new VirtualClock();
  const lease = new MemoryLease(clock, true);
  lease.renew(clock.now());
  await clock.advance(1_000 * MEMORY_LEASE_MS);
  assert.equal(isOver(lease, clock), false);
});

test('a member renews it with its heartbeats, and is without it when they are not confirmed', async () => {
  const world = new MembershipWorld(1);
  const [a, b] = await world.serving('a', 'b');
  await world.clock.advance(20 * HEARTBEAT_INTERVAL_MS);
  const lease = b!.members!.memoryLease;
  assert.ok(lease.untilMs - world.clock.now() >= MEMORY_LEASE_MS - HEARTBEAT_INTERVAL_MS);
  b!.set({ isStoreSilent: true, isMonitorSilent: true });
  const overMs = await world.until(10_000, () => isOver(lease, world.clock));
  assert.ok(overMs <= MEMORY_LEASE_MS);
  assert.equal(b!.members!.mayAct(), true, 'it knows nothing of a fence');
  const isFinished = async () => {
    const { members } = await world.read();
    return members.some(({ name, state }) => name === 'b' && state === 'finished');
  };
  assert.ok((await world.until(10_000, isFinished)) > 0, 'it was over before the fence was');
  assert.equal(a!.closed, undefined);
  b!.set({ isStoreSilent: false });
  await world.clock.advance(2 * HEARTBEAT_INTERVAL_MS);
  assert.equal(b!.closed, 'closed');
});
