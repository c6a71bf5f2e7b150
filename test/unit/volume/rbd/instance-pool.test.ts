// Which instance a volume gets, when an instance is registered, what passes a barrier, and what is
// left registered at the end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VOLUME_INSTANCES_MAX } from '../../../../src/config/limits.ts';
import { settingsSchema } from '../../../../src/config/schema.ts';
import { silentLog } from '../../../../src/log/log.ts';
import { INSTANCES_MAX as INSTANCES_OF_A_MEMBER_MAX } from '../../../../src/membership/limits.ts';
import type { ClientInstance, InstanceUser } from '../../../../src/volume/rbd/client-instance.ts';
import {
  CLIENT_CLOSE_MAX_MS,
  INSTANCES_DEFAULT,
  INSTANCES_MAX,
  InstancePool,
  RETIRE_WAIT_MS,
} from '../../../../src/volume/rbd/instance-pool.ts';
import { FakeRbd } from '../../../support/fake-rbd.ts';
import { settle, VirtualClock } from '../../../support/virtual-clock.ts';

function world(instances: number) {
  const rbd = new FakeRbd();
  const clock = new VirtualClock();
  const { connect, guard } = rbd;
  return {
    rbd,
    clock,
    pool: new InstancePool({ connect, guard, instances, clock, log: silentLog }),
  };
}

function user(): InstanceUser {
  const idle = async () => {};
  return { idle, suspend() {}, resume() {}, fenced() {}, moveTo() {}, abandon() {} };
}

async function addTo(instance: ClientInstance): Promise<string> {
  instance.add(user());
  return instance.addresses;
}

test('volumes are spread, those that come at one time too', async () => {
  const { pool } = world(3);
  const placed = await Promise.all(Array.from({ length: 7 }, () => pool.place(addTo)));
  const counts = pool.instances.map(({ users }) => users.size);
  assert.deepEqual(counts, [3, 2, 2]);
  assert.equal(new Set(placed).size, 3);
});

test('instances are connected when one is needed, registered, and then pass the barrier', async () => {
  const { rbd, pool } = world(3);
  assert.deepEqual(rbd.log, []);
  await pool.place(addTo);
  assert.deepEqual(rbd.log, ['connect client-1', 'register client-1', 'barrier client-1']);
});

test('a barrier is passed by an instance that is being registered, too', async () => {
  const { rbd, pool } = world(1);
  const register = Promise.withResolvers<void>();
  rbd.guard.register = () => register.promise;
  const placed = pool.place(addTo);
  await settle();
  await pool.passBarrier();
  assert.deepEqual(rbd.log, ['connect client-1', 'barrier client-1']);
  register.resolve();
  await placed;
  assert.equal(rbd.log.length, 3);
});

test('an instance that comes while all are held is held', async () => {
  const { pool } = world(1);
  pool.hold();
  const instance = await pool.any();
  assert.equal(instance.submits, false);
  pool.release();
  assert.equal(instance.submits, true);
});

test('what does not connect or register is tried anew by the next', async () => {
  const { rbd, pool } = world(1);
  rbd.connectFails = true;
  await assert.rejects(pool.place(addTo));
  rbd.connectFails = false;
  const { register } = rbd.guard;
  rbd.guard.register = () => Promise.reject(new Error('planted'));
  await assert.rejects(pool.place(addTo));
  rbd.guard.register = register;
  assert.equal(await pool.place(addTo), 'client-2');
  assert.ok(rbd.log.includes('close client-1'));
  // Whether it came to be listed is not known.
  assert.ok(rbd.log.includes('unregister client-1'));
});

test('an instance that closes leaves the list, one that still has an image open does not', async () => {
  const { rbd, clock, pool } = world(2);
  await pool.place(addTo);
  await pool.place(addTo);
  pool.instances[1]!.retain();
  const closed = pool.close();
  await clock.advance(CLIENT_CLOSE_MAX_MS);
  await closed;
  assert.deepEqual(
    rbd.log.filter((line) => line.startsWith('unregister')),
    ['unregister client-1'],
  );
  await assert.rejects(pool.place(addTo), { code: 'storeClosed' });
});

test('a wider spread holds for the volumes that come then, and so does a narrower one', async () => {
  const { pool } = world(1);
  await Promise.all(Array.from({ length: 3 }, () => pool.place(addTo)));
  pool.spread(2);
  const wider = await Promise.all(Array.from({ length: 3 }, () => pool.place(addTo)));
  assert.deepEqual(new Set(wider), new Set(['client-2']));
  pool.spread(1);
  assert.equal(await pool.place(addTo), 'client-1');
  assert.deepEqual(
    pool.instances.map(({ users }) => users.size),
    [4, 3],
  );
});

test('what is no volume gets an instance that is there, and makes none beside it', async () => {
  const { rbd, pool } = world(3);
  await pool.place(addTo);
  assert.equal((await pool.any()).addresses, 'client-1');
  assert.equal(rbd.log.filter((line) => line.startsWith('connect')).length, 1);
});

test('the document has the default and the bound of the pool', () => {
  const { volumeInstances } = settingsSchema.parse({});
  assert.equal(volumeInstances, INSTANCES_DEFAULT);
  assert.equal(VOLUME_INSTANCES_MAX, INSTANCES_MAX);
  assert.ok(1 + INSTANCES_MAX < INSTANCES_OF_A_MEMBER_MAX);
});

test('how many instances there are is bounded', () => {
  for (const count of [0, -1, 1.5, INSTANCES_MAX + 1]) {
    assert.throws(() => world(count), { code: 'instancesInvalid' });
  }
});

test('a store closes whole when its gateway is no member any more', async () => {
  const { rbd, pool } = world(2);
  await Promise.all([pool.place(addTo), pool.place(addTo)]);
  rbd.guard.unregister = async () => {
    throw new Error('planted: this incarnation is closed');
  };
  await pool.close();
  assert.deepEqual(rbd.log.slice(-2), ['close client-1', 'close client-2']);
});

test('an instance is renewed when what is in flight on it is done', async () => {
  const { rbd, pool } = world(1);
  const idle = Promise.withResolvers<void>();
  const moves: string[] = [];
  const old = await pool.any();
  old.add({
    ...user(),
    idle: () => idle.promise,
    suspend: () => moves.push('suspend'),
    fenced: () => moves.push('let go'),
    moveTo: ({ addresses }) => moves.push(`to ${addresses}`),
  });
  const renewed = pool.renew(old);
  await settle();
  assert.deepEqual(moves, ['suspend']);
  await pool.passBarrier();
  assert.deepEqual(rbd.log.slice(-2).sort(), ['barrier client-1', 'barrier client-2']);
  idle.resolve();
  await renewed;
  assert.deepEqual(moves, ['suspend', 'let go', 'to client-2']);
  assert.deepEqual(rbd.log.slice(-2), ['close client-1', 'unregister client-1']);
  assert.deepEqual(
    pool.instances.map(({ addresses }) => addresses),
    ['client-2'],
  );
});

test('an instance whose operations do not end is fenced when it is renewed', async () => {
  const { rbd, clock, pool } = world(1);
  const moves: string[] = [];
  const old = await pool.any();
  const idle = () => new Promise<void>(() => undefined);
  old.add({ ...user(), idle, moveTo: ({ addresses }) => moves.push(addresses) });
  const renewed = pool.renew(old);
  await clock.advance(RETIRE_WAIT_MS);
  assert.equal(rbd.log.at(-1), 'fence client-1');
  rbd.endFence(true);
  await renewed;
  await settle();
  assert.deepEqual(moves, ['client-2'], 'to the one that was connected for it');
  assert.deepEqual(
    pool.instances.map(({ addresses }) => addresses),
    ['client-2'],
  );
});

test('an instance stays when no new one can be had, and is renewed once for all who ask', async () => {
  const { rbd, pool } = world(1);
  const old = await pool.any();
  old.add(user());
  rbd.connectFails = true;
  await assert.rejects(pool.renew(old), /no cluster/);
  assert.ok(old.submits);
  assert.equal(await pool.place(addTo), 'client-1');
  rbd.connectFails = false;
  await Promise.all([pool.renew(old), pool.renew(old), pool.renew(old)]);
  await pool.renew(old);
  assert.equal(rbd.log.filter((line) => line.startsWith('connect')).length, 2);
  assert.equal(await pool.place(addTo), 'client-2');
});
