// Gateways that have one image open keep step with its header: whoever changes it is answered when
// no gateway writes by the old one, and none writes by the new one before all have stopped. A
// quiesce holds writes for a bounded time. All on virtual time, over a model of RADOS.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CONFIRM_MAX_MS,
  CONFIRM_MS,
  HEADER_POLL_MS,
  PASS_RETRY_MS,
  QUIESCE_MAX_MS,
  QUIESCE_STOP_MAX_MS,
  UNSERVABLE_POLL_MS,
} from '../../../../src/volume/rbd/header-barrier.ts';
import {
  features,
  Gateway,
  HEADER,
  HeaderWorld,
  QUIESCE,
  UNQUIESCE,
  UPDATE,
} from '../../../support/header-world.ts';
import { settle } from '../../../support/virtual-clock.ts';

/** What a promise has come to so far. */
function watched<T>(promise: Promise<T>): { value: T | undefined } {
  const seen: { value: T | undefined } = { value: undefined };
  void promise.then((value) => {
    seen.value = value;
  });
  return seen;
}

test('a change is answered when the writes by the old header have ended, on every gateway', async () => {
  const world = new HeaderWorld();
  const [a, b] = (await world.gateways(2)) as [Gateway, Gateway];
  const end = b.write();
  const answered = watched(world.change(5n));
  await world.settled();
  // The first may not write by the new header either.
  assert.ok(a.holds && b.holds);
  assert.equal(answered.value, undefined);
  end();
  await world.settled();
  assert.equal(answered.value, 0);
  assert.deepEqual([a.features, b.features], [5n, 5n]);
  assert.deepEqual([a.holds, b.holds], [false, false]);
});

test('no gateway writes by a new header while another may write by the old one', async () => {
  const world = new HeaderWorld();
  const [a, b] = (await world.gateways(2)) as [Gateway, Gateway];
  b.client.stop();
  const answered = watched(world.change(5n));
  await world.settled();
  await world.clock.advance(5 * CONFIRM_MS);
  await world.settled();
  assert.equal(answered.value, -110);
  assert.ok(a.holds);
  // It still believes the old header: what it writes now is before anything that the other writes.
  assert.ok(!b.holds);
  b.client.resume();
  await world.clock.advance(CONFIRM_MS);
  await world.settled();
  assert.deepEqual([a.holds, b.holds], [false, false]);
  assert.equal(b.features, 5n);
});

test('a stopped gateway holds the others up until it is fenced, and for a bounded time', async () => {
  const world = new HeaderWorld();
  const [a, b, c] = (await world.gateways(3)) as [Gateway, Gateway, Gateway];
  b.client.stop();
  void world.change(5n);
  await world.settled();
  await world.clock.advance(2 * CONFIRM_MS);
  await world.settled();
  assert.ok(a.holds && c.holds);
  b.client.blocklist();
  await world.settled();
  assert.deepEqual([a.holds, c.holds], [false, false]);
  const another = new Gateway(world.rados);
  await another.barrier.open();
  another.client.stop();
  void world.change(1n);
  await world.settled();
  assert.ok(a.holds);
  await world.clock.advance(CONFIRM_MAX_MS + 2 * CONFIRM_MS);
  await world.settled();
  assert.ok(!a.holds);
});

test('a dead client of others holds no gateway up for longer than one question', async () => {
  const world = new HeaderWorld();
  const [a] = (await world.gateways(1)) as [Gateway];
  const dead = world.rados.client();
  await dead.watch(HEADER, { onNotify: () => {}, onError: () => {} }, {});
  void world.change(5n);
  await world.settled();
  assert.ok(a.holds);
  await world.clock.advance(CONFIRM_MS);
  await world.settled();
  assert.ok(!a.holds);
});

test('a quiesce holds writes from its answer until its end, whatever else changes', async () => {
  const world = new HeaderWorld();
  const [a, b] = (await world.gateways(2)) as [Gateway, Gateway];
  const end = a.write();
  const answered = watched(world.tell(QUIESCE));
  await world.settled();
  assert.equal(answered.value, undefined);
  end();
  await world.settled();
  assert.equal(answered.value, 0);
  assert.ok(a.holds && b.holds);
  assert.equal(await world.change(9n), 0);
  await world.settled();
  assert.ok(a.holds && b.holds);
  assert.equal(await world.tell(UNQUIESCE), 0);
  await world.settled();
  assert.deepEqual([a.holds, b.holds], [false, false]);
});

test('a quiesce is refused while writes do not end, and they do not wait for it', async () => {
  const world = new HeaderWorld();
  const [a] = (await world.gateways(1)) as [Gateway];
  const end = a.write();
  const told = watched(world.admin.notify(HEADER, QUIESCE, 5_000));
  await world.settled();
  assert.ok(a.holds);
  await world.clock.advance(QUIESCE_STOP_MAX_MS);
  await world.settled();
  const [answer] = told.value!.answers;
  assert.equal(Buffer.from(answer!.payload).readInt32LE(6), -16);
  assert.ok(!a.holds);
  end();
});

test('a change that does not matter stops nobody', async () => {
  const world = new HeaderWorld();
  const [a] = (await world.gateways(1)) as [Gateway];
  const end = a.write();
  assert.equal(await world.change(1n), 0);
  assert.ok(!a.holds);
  end();
});

test('a quiesce that nobody ends is over after a bound, which its repetition begins again', async () => {
  const world = new HeaderWorld();
  const [a] = (await world.gateways(1)) as [Gateway];
  await world.tell(QUIESCE);
  await world.clock.advance(QUIESCE_MAX_MS - 1_000);
  await world.tell(QUIESCE);
  await world.clock.advance(QUIESCE_MAX_MS - 1_000);
  await world.settled();
  assert.ok(a.holds);
  await world.clock.advance(1_000);
  await world.settled();
  assert.ok(!a.holds);
});

test('a change without a notification is found, soon where the image cannot be served', async () => {
  const world = new HeaderWorld();
  const [a, b] = (await world.gateways(2)) as [Gateway, Gateway];
  const silently = (bits: bigint) =>
    world.admin.operate(HEADER, [{ step: 'omapSet', entries: features(bits) }]);
  await silently(5n);
  await world.clock.advance(HEADER_POLL_MS);
  await world.settled();
  assert.deepEqual([a.features, b.features], [5n, 5n]);
  a.isServable = false;
  await world.tell(UPDATE);
  await world.settled();
  await silently(1n);
  await world.clock.advance(UNSERVABLE_POLL_MS);
  await world.settled();
  assert.deepEqual([a.features, b.features], [1n, 1n]);
  assert.deepEqual([a.holds, b.holds], [false, false]);
});

test('a change of time stamps alone stops no other gateway', async () => {
  const world = new HeaderWorld();
  const [a] = (await world.gateways(1)) as [Gateway];
  const end = a.write();
  const stamp = new Map([['modify_timestamp', new Uint8Array(8)]]);
  await world.admin.operate(HEADER, [{ step: 'omapSet', entries: stamp }]);
  const another = new Gateway(world.rados);
  await another.barrier.open();
  assert.deepEqual([a.holds, another.holds], [false, false]);
  end();
});

test('a lost watch holds writes until the header is watched and passed again', async () => {
  const world = new HeaderWorld();
  const [a] = (await world.gateways(1)) as [Gateway];
  a.client.cutWatches();
  await settle();
  await settle();
  assert.ok(a.holds);
  await world.settled();
  assert.ok(!a.holds);
  a.client.blocklist();
  await world.settled();
  assert.ok(a.holds);
  assert.ok(a.isBlocklisted);
  await a.barrier.close();
  await world.clock.advance(PASS_RETRY_MS);
  assert.equal(world.clock.pending, 0);
});

/** Has the next watch of a gateway wait for `before`, and then for `after` before it is known. */
function delayWatch({ client }: Gateway, before: Promise<void>, after = async () => {}): void {
  const watch = client.watch.bind(client);
  client.watch = async (...values) => {
    client.watch = watch;
    await before;
    const made = await watch(...values);
    await after();
    return made;
  };
}

async function microtasks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve();
}

test('a watch that is lost at the opening holds writes until it is made again', async () => {
  const world = new HeaderWorld();
  await world.gateways(1);
  const late = new Gateway(world.rados);
  const refreshed = Promise.withResolvers<void>();
  late.onRefresh = () => refreshed.promise;
  const opened = late.barrier.open();
  await world.settled();
  const watched = Promise.withResolvers<void>();
  delayWatch(late, watched.promise);
  late.client.cutWatches();
  await world.settled();
  refreshed.resolve();
  await opened;
  assert.ok(late.holds);
  watched.resolve();
  await world.settled();
  assert.ok(!late.holds);
});

test('a change during the opening is passed before writes go on', async () => {
  const world = new HeaderWorld();
  await world.gateways(1);
  const gateway = new Gateway(world.rados);
  const refreshes: (() => void)[] = [];
  gateway.onRefresh = () => new Promise((resolve) => refreshes.push(resolve));
  const opened = gateway.barrier.open();
  await world.settled();
  void world.change(5n);
  await world.settled();
  assert.equal(refreshes.length, 2, 'that of the opening, and that of the change');
  refreshes[0]!();
  await opened;
  assert.ok(gateway.holds, 'librbd does not know the change yet');
  refreshes[1]!();
  await world.settled();
  assert.equal(gateway.holds, false);
});

test('what a lost watch missed is passed before writes go on', async () => {
  // A passage under the lost watch ends some steps before the next watch is there, or after.
  for (let steps = -6; steps <= 6; steps++) {
    const world = new HeaderWorld();
    const [a] = (await world.gateways(1)) as [Gateway];
    const refreshed = Promise.withResolvers<void>();
    a.onRefresh = () => refreshed.promise;
    void world.change(5n);
    await world.settled();
    const watched = Promise.withResolvers<void>();
    delayWatch(a, watched.promise, async () => {
      if (steps < 0) refreshed.resolve();
      else void microtasks(steps).then(refreshed.resolve);
      await microtasks(-steps);
    });
    a.client.cutWatches();
    await world.change(9n);
    const seen: unknown[] = [];
    a.onRelease = () => seen.push(a.features);
    watched.resolve();
    await world.settled();
    assert.deepEqual(seen, [9n], `${steps} steps`);
    assert.ok(!a.holds);
  }
});

test('a client that may not watch the header says so while it holds writes', async () => {
  const world = new HeaderWorld();
  const [a, b] = (await world.gateways(2)) as [Gateway, Gateway];
  a.client.forbidden = true;
  a.client.cutWatches();
  await world.settled();
  assert.deepEqual([a.holds, a.isForbidden], [true, true]);
  b.client.forbidden = true;
  void world.tell(UPDATE);
  await world.settled();
  assert.deepEqual([b.holds, b.isForbidden], [true, true]);
});

test('who waits for the release of writes waits no longer than for the close', async () => {
  const world = new HeaderWorld();
  const [a] = (await world.gateways(1)) as [Gateway];
  await world.tell(QUIESCE);
  const released = watched(a.barrier.released.then(() => true));
  await world.settled();
  assert.equal(released.value, undefined);
  await a.barrier.close();
  await settle();
  assert.equal(released.value, true);
  assert.equal(world.clock.pending, 0);
});
